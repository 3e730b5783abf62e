import { z } from 'zod';

const Port = z
  .union([z.number().int(), z.string().regex(/^\d+$/, 'must be a port number')])
  .transform(Number)
  .refine((port) => port >= 0 && port <= 65_535, 'must be a port from 0 to 65535');

const Origin = z.string().refine((value) => {
  try {
    return new URL(value).origin === value;
  } catch {
    return false;
  }
}, 'must be an exact origin such as https://crush.example.com');

const OptionalUrl = z.union([z.literal(''), z.url()]);

const Server = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  http_port: Port.default(8080),
  ws_port: Port.default(8081),
  sandbox_port: Port.default(8888).describe('of crush sandbox-server'),
  public_url: OptionalUrl.default('').describe('what browsers use; default http://host:http_port'),
  cors_origins: z.array(Origin).default([]),
  trusted_proxies: z.array(z.string()).default([]).describe('addresses whose X-Forwarded-* headers count'),
  check_replies: z.boolean().default(false).describe('for development: hold every answer against its schema'),
});

const DatabaseConfig = z.strictObject({
  url: z.string().default(''),
  host: z.string().default(''),
  port: Port.default(5432),
  user: z.string().default(''),
  password: z.string().default(''),
  database: z.string().default(''),
  sslmode: z.enum(['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full']).default('disable'),
  max_open_conns: z.number().int().min(1).max(1000).default(25),
});

const Redis = z.strictObject({
  url: z.string().default(''),
  host: z.string().default(''),
  port: Port.default(6379),
  password: z.string().default(''),
  db: z.number().int().min(0).default(0),
  stream_max_len: z.number().int().min(64).default(4096),
  stream_ttl: z.number().int().min(60).default(3600).describe('seconds'),
});

const Storage = z.strictObject({
  type: z.enum(['fs', 'minio', 's3']).default('fs'),
  endpoint: z.string().default(''),
  region: z.string().default('us-east-1'),
  access_key: z.string().default(''),
  secret_key: z.string().default(''),
  bucket: z.string().default('crush-images'),
  use_ssl: z.boolean().default(false),
  public_endpoint: z.string().default(''),
});

const SandboxLimits = z.strictObject({
  memory_mb: z.number().int().min(64).default(2048),
  processes: z.number().int().min(8).default(256),
  file_mb: z.number().int().min(1).default(1024),
  output_kb: z.number().int().min(16).default(1024),
  workspace_mb: z.number().int().min(1).default(10_240),
});

const Sandbox = z.strictObject({
  driver: z.enum(['auto', 'bubblewrap', 'remote', 'host']).default('auto'),
  base_url: z.union([OptionalUrl, z.array(z.url())]).default(''),
  token: z.string().default(''),
  timeout: z.number().int().min(1).max(86_400).default(300).describe('seconds per command'),
  allow_host: z.boolean().default(false),
  workspace_roots: z.array(z.string().startsWith('/', 'must be an absolute path')).default([]),
  limits: SandboxLimits.prefault({}),
  network: z
    .strictObject({
      mode: z.enum(['none', 'allowlist', 'open']).default('none'),
      allow: z.array(z.string()).default([]),
    })
    .prefault({}),
});

const Auth = z.strictObject({
  jwt_secret: z.string().default(''),
  master_key: z.string().default(''),
  token_expire_hour: z.number().positive().max(720).default(24),
  registration: z.enum(['open', 'closed']).default('open'),
  github: z
    .strictObject({
      client_id: z.string().default(''),
      client_secret: z.string().default(''),
      redirect_uri: z.string().default(''),
      base_url: z.url().default('https://github.com'),
      api_url: z.url().default('https://api.github.com'),
      frontend_url: z.string().default(''),
    })
    .prefault({}),
});

const AutoModel = z.strictObject({
  provider: z.string().min(1).default('demo'),
  model: z.string().min(1).default('demo-1'),
  api_key: z.string().default(''),
  base_url: z.string().default(''),
});

const Model = z.strictObject({
  id: z.string().min(1),
  name: z.string().optional(),
  context_window: z.number().int().min(0).default(128_000),
  default_max_tokens: z.number().int().min(1).default(8192),
  cost_per_1m_in: z.number().min(0).default(0),
  cost_per_1m_out: z.number().min(0).default(0),
  cost_per_1m_in_cached: z.number().min(0).default(0),
  cost_per_1m_out_cached: z.number().min(0).default(0),
  can_reason: z.boolean().default(false),
  supports_images: z.boolean().default(false),
});

const Provider = z.strictObject({
  type: z
    .enum(['openai', 'anthropic', 'google', 'openai-compat', 'openrouter', 'azure', 'bedrock', 'vertex'])
    .default('openai-compat'),
  name: z.string().optional(),
  base_url: z.string().default(''),
  api_key: z.string().default(''),
  small_model: z.string().optional(),
  models: z.array(Model).default([]),
});

const Agent = z.strictObject({
  max_workers: z.number().int().min(1).default(100),
  task_queue_size: z.number().int().min(1).default(1000),
  permission_timeout: z.number().int().min(0).default(300).describe('seconds; 0: never'),
  task_timeout: z.number().int().min(1).default(1800).describe('seconds'),
  max_steps: z.number().int().min(1).default(200),
  auto_summarize: z.boolean().default(true),
  // Reserved: nothing can be set before something enforces it.
  budgets: z.strictObject({}).prefault({}),
});

const Lsp = z.strictObject({
  auto: z.boolean().default(true),
  max_servers: z.number().int().min(1).default(16),
  servers: z.record(z.string(), z.unknown()).default({}),
});

export const ConfigSchema = z.strictObject({
  server: Server.prefault({}),
  data_dir: z.string().default('').describe('default $XDG_DATA_HOME/crush, else ~/.local/share/crush'),
  database: DatabaseConfig.prefault({}),
  redis: Redis.prefault({}),
  storage: Storage.prefault({}),
  sandbox: Sandbox.prefault({}),
  auth: Auth.prefault({}),
  auto_model: AutoModel.prefault({}),
  providers: z.record(z.string(), Provider).default({}),
  agent: Agent.prefault({}),
  permissions: z
    .strictObject({
      allowed_tools: z.array(z.string()).default([]),
      skip_requests: z.boolean().default(false),
    })
    .prefault({}),
  tools: z
    .strictObject({
      fetch: z.strictObject({ allow_private: z.array(Origin).default([]) }).prefault({}),
      sourcegraph: z.strictObject({ url: z.string().default('') }).prefault({}),
    })
    .prefault({}),
  lsp: Lsp.prefault({}),
  mcp: z.record(z.string(), z.unknown()).default({}),
  hooks: z.record(z.string(), z.unknown()).default({}),
  log: z
    .strictObject({
      level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
      format: z.enum(['json', 'pretty']).optional().describe('default: pretty on a terminal, else json'),
    })
    .prefault({}),
  profile: z.boolean().default(false),
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
