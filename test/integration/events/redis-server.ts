import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep } from '#shared/async/sleep.ts';
import { silentLog } from '#shared/log.ts';
import { connectRedis } from '../../../src/infra/redis/index.ts';
import { freePort } from '../../harness/process.ts';

export interface RedisServer {
  url: string;
  kill(): Promise<void>;
  /** Kills and starts again, with nothing in memory. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A Redis of its own on a free port of the loopback, for tests that break it. */
export async function startRedisServer(): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), 'crush-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const launch = () => spawn('redis-server', [...args, '--dir', directory], { stdio: 'ignore' });
  let child = launch();
  await waitUntilUp(url);

  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  return {
    url,
    kill,
    async restart() {
      await kill();
      child = launch();
      await waitUntilUp(url);
    },
    async stop() {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function waitUntilUp(url: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const redis = await connectRedis({ url, log: silentLog });
      await redis.close();
      return;
    } catch (error) {
      if (attempt === 50) throw error;
      await sleep(50);
    }
  }
}
