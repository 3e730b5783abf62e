import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, requireProgram, runAs, runsAsRoot, startServer, which } from './process.ts';

export interface TestService {
  url: string;
  close(): Promise<void>;
}

const LIBRARIES = '/usr/lib/postgresql';
/** initdb refuses to run as root. */
const USER = 'postgres';

/** A private cluster on a random loopback port, without durability. */
export async function startPostgres(): Promise<TestService> {
  const bin = requireProgram('PostgreSQL', 'postgresql', findBinaries);
  const directory = mkdtempSync(join(tmpdir(), 'crush-postgres-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  try {
    if (runsAsRoot()) chownSync(directory, idOf('-u'), idOf('-g'));
    const data = join(directory, 'data');
    runAs(USER, [
      join(bin, 'initdb'),
      ...['-D', data, '-U', 'crush', '-A', 'trust', '-E', 'UTF8', '--locale', 'C', '--no-sync'],
    ]);
    const port = await freePort();
    const server = await startServer([join(bin, 'postgres'), ...settings(data, port, directory)], {
      user: USER,
      signal: 'SIGQUIT',
      isReady: (output) => output.includes('ready to accept connections'),
    });
    return {
      url: `postgres://crush@127.0.0.1:${port}/postgres`,
      async close() {
        await server.stop();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

function settings(data: string, port: number, socketDirectory: string): string[] {
  const options = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: socketDirectory,
    max_connections: 200,
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    shared_buffers: '64MB',
    logging_collector: 'off',
  };
  return ['-D', data, ...Object.entries(options).flatMap(([key, value]) => ['-c', `${key}=${value}`])];
}

function findBinaries(): string | null {
  const onPath = which('initdb');
  if (onPath) return join(onPath, '..');
  const versions = existsSync(LIBRARIES) ? readdirSync(LIBRARIES).sort((a, b) => Number(b) - Number(a)) : [];
  const version = versions.find((name) => existsSync(join(LIBRARIES, name, 'bin', 'initdb')));
  return version === undefined ? null : join(LIBRARIES, version, 'bin');
}

function idOf(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, USER], { encoding: 'utf8' }));
}
