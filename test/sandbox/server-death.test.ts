import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'tsup';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '#shared/ids.ts';
import { createWorkspaceLocks } from '../../src/infra/sandbox/local/bubblewrap/workspace-lock.ts';
import { createDescriptorShield } from '../../src/infra/sandbox/local/process/inherited-descriptors.ts';
import { createOutputPipes } from '../../src/infra/sandbox/local/process/output-pipes.ts';
import { createStarters } from '../../src/infra/sandbox/local/starter/starters.ts';
import { until } from '../harness/until.ts';
import { hasBubblewrap, never, openWorkspace } from '../integration/sandbox/drivers.ts';
import { canOpenNetwork } from './internet.ts';
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

  async function startServer(dataDir: string, projectId: string, ...more: string[]): Promise<ChildProcess> {
    const child = spawn(process.execPath, [program, dataDir, projectId, ...more], {
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

  test.skipIf(!canOpenNetwork)(
    'by KILL ends the way out of a project too (with passt, nftables and an open /dev/net/tun)',
    async () => {
      const opened = await openWorkspace();
      const before = new Set(processesWith('--dns-forward'));
      const ofServer = () => processesWith('--dns-forward').filter((pid) => !before.has(pid));
      const server = await startServer(opened.dataDir, opened.projectId, 'echo running; sleep 60', 'open');
      expect(ofServer().length).toBeGreaterThan(0);

      const exited = once(server, 'exit');
      server.kill('SIGKILL');
      await exited;
      await until(() => ofServer().length === 0, 'the end of pasta');
      await opened.provider.destroy(opened.projectId, null);
      await opened.close();
    },
  );

  test('while it is only stopped, another server cannot run a command in its workspace', async () => {
    const opened = await openWorkspace();
    const server = await startServer(opened.dataDir, opened.projectId, 'echo running; sleep 60');
    server.kill('SIGSTOP');
    const runtime = join(opened.dataDir, 'sandbox');
    const pipes = createOutputPipes({ directory: join(runtime, 'pipes'), mkfifoPath: '/usr/bin/mkfifo' });
    const starters = createStarters({
      filterPath: '/dev/null',
      flockPath: '/usr/bin/flock',
      waitSeconds: 1,
      recordDirectory: runtime,
      pipes,
      shield: createDescriptorShield(),
    });
    const locks = createWorkspaceLocks({
      lockDirectory: join(runtime, 'locks'),
      mkfifoPath: '/usr/bin/mkfifo',
      starters,
    });
    await expect(locks.acquire(opened.projectId)).rejects.toMatchObject({ code: 'unavailable' });

    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
    const lock = await locks.acquire(opened.projectId);
    lock.release();
    locks.close();
    starters.close();
    pipes.close();
    await opened.provider.destroy(opened.projectId, null);
    await opened.close();
  });

  test('is not that of what starts its commands: those end, and the next one runs', async () => {
    const { workspace, ...opened } = await openWorkspace();
    let output = '';
    const onOutput = (_stream: string, text: string) => {
      output += text;
    };
    const running = workspace.exec({ command: 'echo running; sleep 60', onOutput }, never());
    await until(() => output === 'running\n', 'the command');
    // By the lock, which is in its arguments.
    for (const pid of processesWith(join(opened.dataDir, 'sandbox', 'locks'))) process.kill(pid, 'SIGKILL');
    expect(await running).toMatchObject({ exitCode: null, signal: 'SIGKILL', stdout: 'running\n' });
    expect((await workspace.exec({ command: 'echo next' }, never())).stdout).toBe('next\n');
    await opened.close();
  });
});
