import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'tsup';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '#shared/ids.ts';
import { createWorkspaceLocks } from '../../src/infra/sandbox/local/bubblewrap/workspace-lock.ts';
import { until } from '../harness/until.ts';
import { hasBubblewrap, never, openWorkspace } from '../integration/sandbox/drivers.ts';
import { processesWith } from './processes.ts';

describe.skipIf(!hasBubblewrap)('the death of a server', () => {
  let directory: string;
  let program: string;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'crush-death-'));
    program = join(directory, 'server-process.mjs');
    await build({
      entry: [join(import.meta.dirname, 'server-process.ts')],
      outDir: directory,
      outExtension: () => ({ js: '.mjs' }),
      format: 'esm',
      platform: 'node',
      target: 'node20',
      config: false,
      silent: true,
      noExternal: [/.*/],
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
    });
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  async function startServer(dataDir: string, projectId: string, command: string): Promise<ChildProcess> {
    const child = spawn(process.execPath, [program, dataDir, projectId, command], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [first] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    if (typeof first === 'number') throw new Error(`the server ended with ${first}`);
    return child;
  }

  test('by KILL leaves no process, and its workspace is free', async () => {
    const opened = await openWorkspace();
    const token = `daemon-${newId()}`;
    const daemon = `perl -MPOSIX -e 'fork && exit; setsid; fork && exit; close $_ for STDIN, STDOUT, STDERR; $0 = "${token}"; sleep 100'`;
    const command = `${daemon}; nohup setsid bash -c "exec -a ${token} sleep 100" >/dev/null 2>&1 & trap "" TERM; echo running; while :; do sleep 1; done`;
    const server = await startServer(opened.dataDir, opened.projectId, command);
    await until(() => processesWith(token).length >= 2, 'the daemons');

    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
    await until(() => processesWith(token).length === 0, 'the end of the daemons');
    expect((await opened.workspace.exec({ command: 'echo free' }, never())).stdout).toBe('free\n');
    await opened.close();
  });

  test('while it is only stopped, another server cannot run a command in its workspace', async () => {
    const opened = await openWorkspace();
    const server = await startServer(opened.dataDir, opened.projectId, 'echo running; sleep 60');
    server.kill('SIGSTOP');
    const locks = createWorkspaceLocks({
      lockDirectory: join(opened.dataDir, 'sandbox', 'locks'),
      flockPath: '/usr/bin/flock',
      waitSeconds: 1,
    });
    await expect(locks.acquire(opened.directory)).rejects.toMatchObject({ code: 'unavailable' });

    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
    const lock = await locks.acquire(opened.directory);
    lock.release();
    locks.close();
    await opened.provider.destroy(opened.projectId, null);
    await opened.close();
  });
});
