import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hasBubblewrap, LIMITS, never, type Opened, openWorkspace } from '../integration/sandbox/drivers.ts';

const MEBIBYTE = 1024 * 1024;
const SMALL = { ...LIMITS, workspaceMb: 32, workspaceFiles: 3000 };
const TOO_LARGE = /holds more than its limit of 32 MiB/;
const TOO_MANY = /holds more files than its limit of 3000/;
const fill = (path: string, mebibytes: number) => `head -c ${mebibytes}M /dev/zero > ${path}`;

describe.skipIf(!hasBubblewrap)('what a project may hold', () => {
  let opened: Opened;
  beforeEach(async () => {
    opened = await openWorkspace({ listedRoot: true, limits: SMALL });
  });
  afterEach(() => opened.close());

  const run = (command: string) => opened.workspace.exec({ command }, never());
  const write = (path: string, mebibytes: number) =>
    opened.workspace.write(path, Buffer.alloc(mebibytes * MEBIBYTE, 'x'));
  const refused = { code: 'no_space', message: expect.stringMatching(TOO_LARGE) };

  test('is bounded however quickly it is taken, and removing works', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await run(fill(name, 20));
    const left = await run('du -sm . | cut -f1; ls');
    expect(Number.parseInt(left.stdout, 10)).toBeLessThan(48);
    expect(left.stderr).toMatch(TOO_LARGE);
    await expect(write('more', 1)).rejects.toMatchObject(refused);
    expect((await run('rm a b c d; ls')).stdout).toBe('');
    expect(await run(`${fill('a', 20)}; ls`)).toMatchObject({ stdout: 'a\n', stderr: '' });
  });

  test('ends a command that goes on taking', async () => {
    const result = await run(`for i in $(seq 1000); do ${fill('f$i', 10)}; sleep 0.05; done`);
    expect(result.exitCode).toBeNull();
    expect(result.stderr).toMatch(/The command was ended/);
    expect(result.stderr).toMatch(TOO_LARGE);
  });

  test('is bounded in files too', async () => {
    const create = `mkdir many; perl -e 'for (1..300000) { open F, ">", "many/$_" }'`;
    const result = await run(create);
    expect([result.exitCode, result.stderr]).toEqual([null, expect.stringMatching(TOO_MANY)]);
    await expect(opened.workspace.write('one', Buffer.from('x'))).rejects.toMatchObject({ code: 'no_space' });
    const again = await run(`perl -e 'for (1..300000) { mkdir "more$_" or die }'`);
    expect(again.stderr).toMatch(TOO_MANY);
    expect((await run('rm -rf many more*; ls')).stdout).toBe('');
    await opened.workspace.write('one', Buffer.from('x'));
  });

  test('counts home and /tmp', async () => {
    await run(`${fill('~/a', 20)}; ${fill('/tmp/b', 20)}`);
    await expect(write('c', 1)).rejects.toMatchObject(refused);
    await run('rm ~/a');
    await write('c', 1);
  });

  test('counts what a sparse file takes, and a hard link once', async () => {
    await run(`truncate -s 31M sparse; ${fill('a', 10)}; for i in 1 2 3 4 5; do ln a l$i; done`);
    await write('b', 10);
    expect((await run('ls | wc -l')).stderr).toBe('');
  });

  test('is refused to files of the server before they are written', async () => {
    await write('a', 20);
    await expect(write('b', 20)).rejects.toMatchObject(refused);
    expect(existsSync(join(opened.directory, 'b'))).toBe(false);
    expect((await opened.workspace.list('', 10)).entries).toHaveLength(1);
  });

  test.skipIf(!existsSync('/usr/bin/python3'))(
    'cannot be taken by way of memory when it is full',
    async () => {
      await run(`truncate -s 31M hole; ${fill('a', 20)}; ${fill('b', 14)}`);
      const map = `import mmap,time
with open('hole','r+b') as f:
  m = mmap.mmap(f.fileno(), 0)
  for i in range(0, 31 << 20, 4096):
    m[i] = 1
    if i % (1 << 20) == 0: time.sleep(0.05); m.flush()
`;
      const result = await run(`python3 -c "${map}"; sleep 30`);
      expect(result.stderr).toMatch(/The command was ended/);
    },
  );

  test('cannot be taken behind the end of a file, where no limit on its size sees it', async () => {
    const hidden = await run(
      'for i in 1 2 3 4; do touch f$i; fallocate -n -l 1G f$i; done; fallocate -l 5M g; fallocate -p -l 1M g',
    );
    expect(hidden.stderr.match(/keep size mode is unsupported/g)).toHaveLength(4);
    expect((await run('du -sm . | cut -f1')).stdout).toBe('5\n');
  });

  test('is measured in a tree of any depth', async () => {
    await run(
      `perl -e 'for (1..300) { mkdir "d" and chdir "d" or die } open F, ">", "f"; print F "x" x (33 << 20)'`,
    );
    await expect(write('c', 1)).rejects.toMatchObject(refused);
    await run('rm -rf d');
    await write('c', 1);
  });
});

test.skipIf(!hasBubblewrap)('with less free than its floor the host lets nothing grow', async () => {
  const opened = await openWorkspace({ limits: { ...LIMITS, diskFreeMb: 16_777_216 } });
  try {
    const told = /The disk of the host has less than 16777216 MiB left/;
    await expect(opened.workspace.write('a', Buffer.from('x'))).rejects.toMatchObject({
      code: 'no_space',
      message: expect.stringMatching(told),
    });
    const result = await opened.workspace.exec({ command: 'echo x > a; rm a; ls' }, never());
    expect(result.stdout).toBe('');
    expect(result.stderr).toMatch(told);
  } finally {
    await opened.close();
  }
});
