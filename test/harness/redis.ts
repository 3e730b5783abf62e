import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestService } from './postgres.ts';
import { freePort, requireProgram, startServer, which } from './process.ts';

/** A private server on a random loopback port, without persistence. */
export async function startRedis(): Promise<TestService> {
  const program = requireProgram('Redis', 'redis-server', () => which('redis-server'));
  const directory = mkdtempSync(join(tmpdir(), 'crush-redis-'));
  const port = await freePort();
  const remove = () => rmSync(directory, { recursive: true, force: true });
  try {
    const server = await startServer(
      [
        program,
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--appendonly',
        'no',
        '--dir',
        directory,
      ],
      { signal: 'SIGTERM', isReady: (output) => output.includes('Ready to accept connections') },
    );
    return {
      url: `redis://127.0.0.1:${port}`,
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
