import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { type CrushProcess, runCrush, startCrush, temporaryDirectory } from '../harness/crush-process.ts';
import { createPostgresTestDatabase } from '../harness/database.ts';

export const DEPLOYMENTS = ['one process', 'separate servers'] as const;
export type DeploymentKind = (typeof DEPLOYMENTS)[number];

export interface Deployment {
  http: string;
  ws: string;
  dataDir: string;
  processes: CrushProcess[];
  close(): Promise<void>;
}

/** `config` is the text of config.yaml without the `server` key, `server` what stands there besides the ports. */
export async function deploy(
  kind: DeploymentKind,
  config = '',
  server = 'check_replies: true',
): Promise<Deployment> {
  const directory = temporaryDirectory();
  const file = join(directory.path, 'config.yaml');
  const dataDir = join(directory.path, 'data');
  writeFileSync(file, `server: { http_port: 0, ws_port: 0, ${server} }\n${config}`);
  const common = ['--config', file, '--data-dir', dataDir];
  const processes: CrushProcess[] = [];
  let removeDatabase = async () => {};
  const close = async () => {
    await Promise.all(processes.map((process) => process.stop()));
    await removeDatabase();
    directory.remove();
  };
  try {
    if (kind === 'one process') {
      const process = await startCrush(['serve', ...common]);
      processes.push(process);
      const { http = '', ws = '' } = process.urls;
      return { http, ws, dataDir, processes, close };
    }
    const database = await createPostgresTestDatabase(inject('postgresUrl'), { empty: true });
    removeDatabase = database.close;
    const env = { DATABASE_URL: database.url, REDIS_URL: inject('redisUrl') };
    const migrated = await runCrush(['migrate', ...common], { env });
    if (migrated.code !== 0) throw new Error(`migrate: ${migrated.stderr}`);
    const [api, sockets] = await Promise.all([
      startCrush(['http-server', ...common], { env }).then((server) => {
        processes.push(server);
        return server;
      }),
      startCrush(['ws-server', ...common], { env }).then((server) => {
        processes.push(server);
        return server;
      }),
    ]);
    return { http: api.urls.http ?? '', ws: sockets.urls.ws ?? '', dataDir, processes, close };
  } catch (error) {
    await close();
    throw error;
  }
}

export function uniqueName(): string {
  return `u${randomBytes(6).toString('hex')}`;
}
