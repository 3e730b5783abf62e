import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../harness/until.ts';
import { hasBubblewrap, never, type Opened, openWorkspace } from '../integration/sandbox/drivers.ts';

const MODES: [string, boolean][] =
  process.getuid?.() === 0
    ? [
        ['as a user of its own', false],
        ['as the owner of a listed directory', true],
      ]
    : [["in a user namespace of the server's user", false]];

const SPARE_AFTER_MS = 400;

describe.skipIf(!hasBubblewrap).each(MODES)('the output of a command %s', (_mode, listedRoot) => {
  let opened: Opened;
  beforeAll(async () => {
    opened = await openWorkspace({ listedRoot });
  });
  afterAll(() => opened.close());

  const run = (command: string, timeoutMs = 10_000) => opened.workspace.exec({ command, timeoutMs }, never());
  const descriptors = () => readdirSync('/proc/self/fd').length;
  const pause = () => new Promise((resolve) => setTimeout(resolve, SPARE_AFTER_MS));

  test('can be opened by name', async () => {
    const result = await run('echo a > /dev/stdout; echo b > /dev/stderr; echo c | tee /dev/stderr');
    expect(result).toMatchObject({ stdout: 'a\nc\n', stderr: 'b\nc\n', exitCode: 0 });
  });

  test('is never taken for what bubblewrap says', async () => {
    const result = await run('echo "bwrap: Can\'t chdir to /workspace" >&2; exit 1');
    expect(result).toMatchObject({ stderr: "bwrap: Can't chdir to /workspace\n", exitCode: 1 });
  });

  test('is that of its command alone, whatever the one before did to its pipes', async () => {
    for (let round = 0; round < 6; round += 1) {
      await run(
        'echo left > /dev/stdout; chmod 0 /dev/stdout /dev/stderr; exec 3<> /dev/stdout; echo more >&3',
      );
      await pause();
      expect(await run('echo mine; echo too >&2')).toMatchObject({ stdout: 'mine\n', stderr: 'too\n' });
    }
  });

  test('ends with a command that is killed in the middle of a flood', async () => {
    const result = await run('trap "" TERM; yes & yes >&2', 300);
    expect(result.timedOut).toBe(true);
    expect(await run('echo fine')).toMatchObject({ stdout: 'fine\n', stderr: '' });
  });

  test('ends although a daemon holds it', async () => {
    const startedAt = performance.now();
    expect((await run('(setsid sleep 30 &) ; echo done')).stdout).toBe('done\n');
    expect(performance.now() - startedAt).toBeLessThan(25_000);
  });

  test('takes pipes that are used again, and leaves no file', async () => {
    await Promise.all(Array.from({ length: 12 }, () => run('true')));
    await pause();
    const before = descriptors();
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(Array.from({ length: 12 }, () => run('true')));
      await pause();
    }
    await until(() => descriptors() - before <= 8, 'closed descriptors');
    const pipes = join(opened.dataDir, 'sandbox', 'pipes');
    await until(() => readdirSync(pipes).length === 0, 'no pipe by name');
  });

  test('goes with the provider', async () => {
    const before = descriptors();
    const second = await openWorkspace({ listedRoot });
    await second.workspace.exec({ command: 'echo x' }, never());
    await second.close();
    await until(() => descriptors() <= before, 'closed descriptors');
  });
});
