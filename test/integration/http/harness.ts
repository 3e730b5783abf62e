import { execFileSync } from 'node:child_process';
import { lookup } from 'node:dns';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hono } from 'hono';
import { inject } from 'vitest';
import type { AnyContext } from '#domain/create-context.ts';
import { createContextFactory } from '#domain/create-context.ts';
import type { BusMessages } from '#domain/events/index.ts';
import { checkFrontend } from '#domain/frontend/index.ts';
import type { Catalogue, ProviderInfo } from '#domain/provider/index.ts';
import { verifyAccess } from '#domain/user/index.ts';
import { createFileSlots, WorkspaceError } from '#domain/workspace/index.ts';
import { createHttpApp, createRoutes } from '#http/app.ts';
import type { HttpDeps } from '#http/deps.ts';
import { createFrontendRegistry } from '#http/frontend/registry.ts';
import type { Route } from '#http/kit/route.ts';
import { createEventPublisher } from '#infra/events/event-publisher.ts';
import type { Log } from '#shared/log.ts';
import { silentLog } from '#shared/log.ts';
import {
  createAuthenticator,
  createLoginThrottle,
  createPasswordHasher,
  createPreviewSigner,
  createRegistrationThrottle,
  createSecretBox,
  createTokenSigner,
} from '../../../src/infra/auth/index.ts';
import { createSourceControl } from '../../../src/infra/git/index.ts';
import { createMemoryBus, createMemoryEventLog } from '../../../src/infra/memory/index.ts';
import { createAddressGuard } from '../../../src/infra/net/address-guard.ts';
import { isPublicAddress } from '../../../src/infra/net/public-address.ts';
import { createDirectoryWorkspace, type DirectoryWorkspace } from '../../doubles/directory-workspace.ts';
import { inlineTextWork } from '../../doubles/text-work.ts';
import { createTestDatabase, type DatabaseKind } from '../../harness/database.ts';

export const OPERATOR_KEY = 'sk-operator-canary-0123456789';
const HOUR_MS = 3_600_000;

const MODEL = {
  id: 'big-1',
  name: 'Big 1',
  contextWindow: 200_000,
  defaultMaxTokens: 8_000,
  priceIn: 3,
  priceOut: 15,
  priceCacheWrite: 3.75,
  priceCacheRead: 0.3,
  canReason: true,
  supportsImages: true,
};

const PROVIDERS: ProviderInfo[] = [
  {
    id: 'acme',
    name: 'Acme',
    type: 'openai',
    baseUrl: 'https://api.acme.example/v1',
    apiKey: OPERATOR_KEY,
    trusted: false,
    smallModelId: 'small-1',
    models: [MODEL, { ...MODEL, id: 'small-1', name: 'Small 1' }],
  },
  {
    id: 'keyless',
    name: 'Keyless',
    type: 'anthropic',
    baseUrl: 'https://api.keyless.example',
    apiKey: null,
    trusted: false,
    smallModelId: null,
    models: [MODEL],
  },
];

const catalogue: Catalogue = {
  list: () => PROVIDERS,
  provider: (id) => PROVIDERS.find((provider) => provider.id === id) ?? null,
  model: (providerId, modelId) =>
    PROVIDERS.find(({ id }) => id === providerId)?.models.find(({ id }) => id === modelId) ?? null,
};

export interface HttpHarness {
  app: Hono;
  routes: Route[];
  deps: HttpDeps;
  /** The service's own view of the database. */
  system: AnyContext;
  /** Moves the clock. */
  advance(ms: number): void;
  /** Ids of projects whose workspace exists. */
  workspaces: Set<string>;
  failing: { create: boolean; destroy: boolean };
  notices: Array<{ topic: string; message: unknown }>;
  logs: Array<{ level: string; fields: object; message: string }>;
  state: { draining: boolean };
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  register(name: string): Promise<{ token: string; userId: string }>;
  close(): Promise<void>;
}

export interface CallOptions {
  token?: string;
  body?: unknown;
  /** Sent as it is. */
  raw?: string | Uint8Array;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at freely in tests
  json: any;
}

export async function createHttpHarness(
  kind: DatabaseKind = 'pglite',
  overrides: Partial<HttpDeps> = {},
): Promise<HttpHarness> {
  const database = await createTestDatabase(kind, inject('postgresUrl'));
  let offset = 0;
  const clock = { now: () => Date.now() + offset };
  const bus = createMemoryBus();
  const eventLog = createMemoryEventLog({ clock });
  const publisher = createEventPublisher({
    log: eventLog,
    outbox: database.repositories.outbox,
    clock,
    logger: silentLog,
  });
  const logs: HttpHarness['logs'] = [];
  const log = recordingLog(logs);
  const contexts = createContextFactory({ database, publisher, bus, clock, log });
  const system = contexts({ actor: { kind: 'system' }, requestId: 'test' });
  const signer = createTokenSigner({
    secret: 'test-secret-of-at-least-32-bytes!',
    issuer: 'crush-server',
    audience: 'crush',
    clock,
  });
  const authenticator = createAuthenticator({
    signer,
    verifyAccess: (claims) => verifyAccess(system, claims),
    bus,
    clock,
  });
  const notices: HttpHarness['notices'] = [];
  const topics: Array<keyof BusMessages> = [
    'turn_queued',
    'turn_cancel',
    'access_revoked',
    'session_deleted',
  ];
  for (const topic of topics) bus.subscribe(topic, (message) => notices.push({ topic, message }));
  const workspaces = new Set<string>();
  const files = createRepository();
  const sourceControl = createSourceControl({
    guard: createAddressGuard({ resolve: lookup, isPublicAddress }),
    allowPrivate: [],
    userAgent: 'git/test',
    maxCloneBytes: 1024 * 1024,
  });
  const failing: HttpHarness['failing'] = { create: false, destroy: false };
  const state: HttpHarness['state'] = { draining: false };
  // Requests of any content meet no shell here.
  const frontends = createFrontendRegistry({
    workspaces: {
      async open() {
        throw new WorkspaceError('unavailable', 'Nothing runs here');
      },
    },
    check: (request) => checkFrontend(system, request),
    bus,
    clock,
    log,
  });
  const deps: HttpDeps = {
    contexts,
    authenticator,
    origins: ['https://app.example'],
    trustedProxies: [],
    draining: () => state.draining,
    checkReplies: true,
    log,
    hasher: createPasswordHasher({ cost: { log2N: 10, r: 8, p: 1 }, queueLimit: 500 }),
    signer,
    throttle: createLoginThrottle({ redis: null }),
    registrations: createRegistrationThrottle({ redis: null, perNetwork: 10_000, inAll: 10_000 }),
    secrets: createSecretBox({ masterKey: 'test-master-key-of-32-bytes-or-more' }),
    registration: 'open',
    tokenLifeMs: 24 * HOUR_MS,
    catalogue,
    autoModel: { provider: 'acme', model: 'big-1', apiKey: null, baseUrl: null },
    workspaces: {
      open: async () => files,
      async create(id, root) {
        if (failing.create) throw new Error('no room');
        workspaces.add(id);
        return { root };
      },
      async destroy(id) {
        if (failing.destroy) throw new Error('busy');
        workspaces.delete(id);
      },
    },
    sourceControl,
    previewSigner: createPreviewSigner({ secret: 'test-secret-of-at-least-32-bytes!' }),
    previewAddresses: {
      use: 'ticket',
      urlOf: ({ port, label }, signed) => `http://${label ?? port}.preview.example/${signed}`,
    },
    frontends,
    fileSlots: createFileSlots(),
    compareTexts: inlineTextWork().compare,
    workspaceRoots: ['/srv/work'],
    eventLog,
    checks: { database: () => database.ping() },
    clock,
    ...overrides,
  };
  const app = createHttpApp(deps);
  const call = caller(app);
  return {
    app,
    routes: createRoutes(deps),
    deps,
    system,
    advance: (ms) => {
      offset += ms;
    },
    workspaces,
    failing,
    notices,
    logs,
    state,
    call,
    async register(name) {
      const body = { username: name, email: `${name}@example.com`, password: `${name}-long-password` };
      const { status, json } = await call('POST', '/api/auth/register', { body });
      if (status !== 200) throw new Error(`registration failed: ${JSON.stringify(json)}`);
      return { token: json.token, userId: json.user.id };
    },
    async close() {
      authenticator.close();
      await frontends.close();
      await sourceControl.close();
      await files.close();
      rmSync(files.directory, { recursive: true, force: true });
      await publisher.close();
      await eventLog.close();
      await bus.close();
      await database.close();
    },
  };
}

/** What every project of the harness holds: a repository with one file that is not committed. */
function createRepository(): DirectoryWorkspace {
  const directory = mkdtempSync(join(tmpdir(), 'crush-http-'));
  execFileSync('git', ['init', '-q', directory]);
  writeFileSync(join(directory, 'README.md'), 'hello\n');
  return createDirectoryWorkspace(directory, 'project');
}

function caller(app: Hono): HttpHarness['call'] {
  return async (method, path, { token, body, raw, headers = {} } = {}) => {
    const sent: Record<string, string> = { ...headers };
    if (token !== undefined) sent.authorization = `Bearer ${token}`;
    if (body !== undefined || raw !== undefined) sent['content-type'] ??= 'application/json';
    const response = await app.request(path, {
      method,
      headers: sent,
      body: (raw as string | undefined) ?? (body === undefined ? undefined : JSON.stringify(body)),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      json:
        text !== '' && response.headers.get('content-type') === 'application/json' ? JSON.parse(text) : null,
    };
  };
}

function recordingLog(entries: HttpHarness['logs']): Log {
  const at = (level: string) => (fields: object, message: string) => {
    entries.push({ level, fields, message });
  };
  const log: Log = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => log,
  };
  return log;
}
