import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { silentLog } from '#shared/log.ts';
import { createCloseStack } from '../../src/cli/close-stack.ts';
import { CRUSH, runCrush, temporaryDirectory } from '../../test/harness/crush-process.ts';
import { startPostgres } from '../../test/harness/postgres.ts';
import { freePort } from '../../test/harness/process.ts';
import { startRedis } from '../../test/harness/redis.ts';
import { type Baselines, createBaselines } from './baselines.ts';
import { type Child, startNode, untilHealthy } from './child.ts';
import { type ModelServer, startModelServer } from './model.ts';
import { once } from './once.ts';

/** One way of running Crush: where it answers and which processes it is. */
export interface Deployment {
  name: string;
  httpPort: number;
  wsPort: number;
  children: Child[];
}

export interface Stores {
  postgresUrl: string;
  redisUrl: string;
}

/** What rows share. Each part starts when it is first asked for and lives until the end. */
export interface Services {
  directory: string;
  /** A copy of the built executable, so that a build meanwhile does not matter. */
  executable: string;
  baselines: Baselines;
  model(): Promise<ModelServer>;
  /** PostgreSQL with the schema, and Redis. */
  stores(): Promise<Stores>;
  /** An http-server and a ws-server on PostgreSQL and Redis. */
  separate(): Promise<Deployment>;
  /** `crush serve` on embedded defaults. */
  embedded(): Promise<Deployment>;
  /** Flags of a server of its own; `stores` null: embedded. Data that outlives it is in `dataDir`. */
  configFlags(options: { dataDir: string; stores: Stores | null }): Promise<string[]>;
  close(): Promise<void>;
}

export function createServices(signal: AbortSignal): Services {
  const stack = createCloseStack(silentLog);
  const temporary = temporaryDirectory();
  stack.push('directory', temporary.remove);
  const directory = temporary.path;
  const executable = join(directory, 'dist', 'crush');
  cpSync(dirname(CRUSH), dirname(executable), { recursive: true });
  const baselines = createBaselines(directory);

  const model = once(async () => {
    const server = await startModelServer(await baselines.path('model-server'), { directory, signal });
    stack.push('model', () => server.close());
    return server;
  });

  const stores = once(async () => {
    const postgres = await startPostgres();
    stack.push('postgres', () => postgres.close());
    const redis = await startRedis();
    stack.push('redis', () => redis.close());
    const { code, stderr } = await runCrush(['migrate'], { executable, env: { DATABASE_URL: postgres.url } });
    if (code !== 0) throw new Error(`crush migrate ended with ${code}: ${stderr}`);
    return { postgresUrl: postgres.url, redisUrl: redis.url };
  });

  async function configFlags(options: { dataDir: string; stores: Stores | null }): Promise<string[]> {
    mkdirSync(options.dataDir, { recursive: true });
    const file = join(options.dataDir, 'config.yaml');
    const { url } = await model();
    writeFileSync(file, stringify(configOf(options.stores, url)));
    return ['--config', file, '--data-dir', options.dataDir];
  }

  async function start(name: string, argv: string[], port: number): Promise<Child> {
    const child = startNode({ name, argv: [executable, ...argv], directory });
    stack.push(name, () => child.close());
    await untilHealthy(child, port, signal);
    return child;
  }

  return {
    directory,
    executable,
    baselines,
    model,
    stores,
    separate: once(async () => {
      const flags = await configFlags({ dataDir: join(directory, 'separate'), stores: await stores() });
      const [httpPort, wsPort] = [await freePort(), await freePort()];
      const http = await start(
        'http-server',
        ['http-server', ...flags, '--http-port', `${httpPort}`],
        httpPort,
      );
      const wsFlags = [...flags, '--ws-port', `${wsPort}`, '--yolo'];
      const ws = await start('ws-server', ['ws-server', ...wsFlags], wsPort);
      return { name: 'Postgres + Redis', httpPort, wsPort, children: [http, ws] };
    }),
    embedded: once(async () => {
      const flags = await configFlags({ dataDir: join(directory, 'embedded'), stores: null });
      const [httpPort, wsPort] = [await freePort(), await freePort()];
      const ports = ['--http-port', `${httpPort}`, '--ws-port', `${wsPort}`];
      const serve = await start('serve', ['serve', ...flags, ...ports, '--yolo'], httpPort);
      return { name: 'serve', httpPort, wsPort, children: [serve] };
    }),
    configFlags,
    close: () => stack.close(),
  };
}

function configOf(stores: Stores | null, modelUrl: string): object {
  return {
    ...(stores && { database: { url: stores.postgresUrl }, redis: { url: stores.redisUrl } }),
    sandbox: { driver: 'bubblewrap' },
    providers: {
      scripted: {
        type: 'openai-compat',
        base_url: `${modelUrl}/v1`,
        api_key: 'bench',
        models: [{ id: 'scripted', context_window: 1_000_000 }],
      },
    },
    auto_model: { provider: 'scripted', model: 'scripted' },
  };
}
