import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'tsup';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '#shared/ids.ts';
import { hasBubblewrap, never, openWorkspace } from '../integration/sandbox/drivers.ts';

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;
const COMMANDS = 60;
const NOBODY = 65_534;
const OWNER = 12_345;

/** Exchanges two names until it is killed: renameat2 with RENAME_EXCHANGE. */
const SWAP = `$| = 1; print "swapping\\n"; while (1) { syscall($ARGV[0], -100, $ARGV[1], -100, $ARGV[2], 2) }`;
const RENAMEAT2 = process.arch === 'arm64' ? '276' : '316';

describe.skipIf(!hasBubblewrap)('a workspace below a listed root', () => {
  let scratch: string;
  let program: string;
  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'crush-roots-'));
    chmodSync(scratch, 0o755);
    program = join(scratch, 'commands-process.mjs');
    await build({
      entry: [join(import.meta.dirname, 'commands-process.ts')],
      outDir: scratch,
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
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  /** `<root>/first/sub` is the second project's, and the first one's commands exchange it with a link. */
  async function race(server: number, owner: number, target: string) {
    const base = mkdtempSync(join(scratch, 'race-'));
    const root = join(base, 'root');
    const first = join(root, 'first');
    mkdirSync(join(first, 'sub'), { recursive: true });
    mkdirSync(join(base, 'data'));
    mkdirSync(join(base, 'elsewhere'));
    writeFileSync(join(first, 'sub', 'mine'), '');
    symlinkSync(target === '' ? join(base, 'elsewhere') : target, join(first, 'link'));
    if (isRoot) {
      chownSync(base, server, server);
      chownSync(join(base, 'data'), server, server);
      for (const path of [root, first, join(first, 'sub'), join(first, 'sub', 'mine')])
        chownSync(path, owner, owner);
    }
    const paths = [join(first, 'sub'), join(first, 'link')];
    const swapper = spawn('perl', ['-e', SWAP, RENAMEAT2, ...paths], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(swapper.stdout, 'data');
      const place = { data: join(base, 'data'), root, directory: join(first, 'sub') };
      return await outputsOf(server, place, { command: 'ls -a /workspace', times: COMMANDS });
    } finally {
      await end(swapper);
    }
  }

  /** What the commands of a server in a process of its own print; null for those that were refused. */
  async function outputsOf(
    server: number,
    place: { data: string; root: string; directory: string },
    { command, times }: { command: string; times: number },
  ): Promise<(string | null)[]> {
    const identity = isRoot ? { uid: server, gid: server } : {};
    const args = [program, place.data, place.root, place.directory, String(times), command];
    const { stdout } = await run(process.execPath, args, { ...identity, cwd: '/', env: {} });
    return JSON.parse(stdout);
  }

  async function end(child: ChildProcess): Promise<void> {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  test.skipIf(!isRoot).each([
    ['/', 0],
    ['/', NOBODY],
    ['', 0],
  ])(
    'is its own directory or none, however it is exchanged with a link to %j, server user %i',
    async (target, server) => {
      const outputs = await race(server, server === 0 ? OWNER : server, target);
      expect(outputs).toHaveLength(COMMANDS);
      for (const output of outputs) if (output !== null) expect(output).toBe('.\n..\nmine\n');
    },
  );

  test.skipIf(!isRoot)(
    'lets a command of the server’s own user reach no file of the server by way of /proc',
    async () => {
      const base = mkdtempSync(join(scratch, 'descriptors-'));
      const place = {
        data: join(base, 'data'),
        root: join(base, 'root'),
        directory: join(base, 'root', 'a'),
      };
      mkdirSync(place.data);
      mkdirSync(place.directory, { recursive: true });
      for (const path of [base, place.data, place.root, place.directory]) chownSync(path, NOBODY, NOBODY);
      const reached = 'case $(readlink $f) in /*) if [ -f $f ] || [ -d $f ]; then readlink $f; fi;; esac';
      const command = `ls /proc/1/fd; for f in /proc/1/fd/*; do ${reached}; done`;
      const [output] = await outputsOf(NOBODY, place, { command, times: 1 });
      expect(output).toMatch(/^[\d\n]+$/);
    },
  );

  test('that another directory replaces after it was opened is not used', async () => {
    const opened = await openWorkspace({ listedRoot: true });
    try {
      rmSync(opened.directory, { recursive: true });
      mkdirSync(`${opened.directory}.new`);
      mkdirSync(opened.directory);
      const moved = { code: 'unavailable', message: 'The workspace directory has moved.' };
      await expect(opened.workspace.exec({ command: 'true' }, never())).rejects.toMatchObject(moved);
      await expect(opened.workspace.list('', 10)).rejects.toMatchObject(moved);
      await expect(opened.workspace.write('a', Buffer.from('x'))).rejects.toMatchObject(moved);
      await expect(opened.workspace.tree('', { depth: 0, limit: 10 })).rejects.toMatchObject(moved);
    } finally {
      await opened.close();
    }
  });

  test.skipIf(!isRoot)('that belongs to root is refused with what to do', async () => {
    const opened = await openWorkspace({ listedRoot: true });
    try {
      chownSync(opened.directory, 0, 0);
      const refused = {
        code: 'refused',
        message: expect.stringContaining(`chown -R 1000:1000 ${opened.directory}`),
      };
      await expect(opened.provider.open(newId(), opened.directory)).rejects.toMatchObject(refused);
      await expect(opened.provider.create(newId(), opened.directory)).rejects.toMatchObject(refused);
    } finally {
      await opened.close();
    }
  });

  test.skipIf(!isRoot)('never lends a command the user or the group of root', async () => {
    const opened = await openWorkspace({ listedRoot: true });
    try {
      chownSync(opened.directory, OWNER, 0);
      const workspace = await opened.provider.open(newId(), opened.directory);
      const { stdout } = await workspace.exec({ command: 'id -u; id -g; id -G' }, never());
      expect(stdout).toBe(`${OWNER}\n${OWNER}\n${OWNER}\n`);
    } finally {
      await opened.close();
    }
  });
});
