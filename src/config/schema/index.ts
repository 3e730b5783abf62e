import { z } from 'zod';
import {
  AgentSection,
  HooksSection,
  LspSection,
  McpSection,
  PermissionsSection,
  ToolsSection,
} from './agent.ts';
import { AuthSection } from './auth.ts';
import { Flag, Path } from './fields.ts';
import { LimitsSection } from './limits.ts';
import { AutoModelSection, ProvidersSection } from './models.ts';
import { PreviewSection } from './preview.ts';
import { SandboxSection } from './sandbox.ts';
import { ServerSection } from './server.ts';
import { DatabaseSection, RedisSection, StorageSection } from './stores.ts';

const LogSection = z.strictObject({
  level: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('least that is logged'),
  format: z
    .enum(['json', 'pretty'])
    .optional()
    .describe('lines for machines or for people; left out: pretty on a terminal, else json'),
});

/** Each description is what config.yaml and the reference in docs say about the key. */
export const ConfigSchema = z.strictObject({
  server: ServerSection.prefault({}).describe('where the servers listen'),
  data_dir: Path.default('').describe(
    'files, secrets and the embedded database; empty: $XDG_DATA_HOME/crush, else ~/.local/share/crush',
  ),
  database: DatabaseSection.prefault({}).describe(
    'PostgreSQL; nothing given: an embedded one in data_dir (crush serve only)',
  ),
  redis: RedisSection.prefault({}).describe('events; nothing given: in memory (crush serve only)'),
  storage: StorageSection.prefault({}).describe('uploads'),
  sandbox: SandboxSection.prefault({}).describe('where and how commands run'),
  auth: AuthSection.prefault({}).describe('logins and keys'),
  auto_model: AutoModelSection.prefault({}).describe('what sessions use that name no model'),
  providers: ProvidersSection.default({}).describe('model providers of your own, by id'),
  agent: AgentSection.prefault({}).describe('turns'),
  limits: LimitsSection.prefault({}).describe('what one user may have, so that the others have theirs'),
  permissions: PermissionsSection.prefault({}).describe('what the agent may do unasked'),
  preview: PreviewSection.prefault({}).describe('what listens inside of projects, in a browser'),
  tools: ToolsSection.prefault({}).describe('settings of single tools'),
  lsp: LspSection.prefault({}).describe('language servers'),
  mcp: McpSection.describe('MCP servers'),
  hooks: HooksSection.describe('commands at events'),
  log: LogSection.prefault({}).describe('log lines on standard output'),
  profile: Flag.default(false).describe(
    'pprof on 127.0.0.1:6060 (http-server, serve), 6061 (ws-server), 6062 (sandbox-server)',
  ),
});
export type ConfigValues = z.infer<typeof ConfigSchema>;

/** The last path segments whose values are masked wherever configuration is shown. */
export const SECRET_KEYS: ReadonlySet<string> = new Set([
  'password',
  'secret_key',
  'access_key',
  'token',
  'jwt_secret',
  'master_key',
  'client_secret',
  'api_key',
]);
