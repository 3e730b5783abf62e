import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sleep } from '#shared/async/sleep.ts';
import { newId } from '#shared/ids.ts';
import { findHierarchies } from '../../src/infra/sandbox/local/cgroup/hierarchies.ts';
import {
  DENIED_SYSCALLS,
  INSPECTED_SYSCALLS,
  numberFor,
} from '../../src/infra/sandbox/local/seccomp/syscalls.ts';
import { watchEventLoop } from '../harness/loop-watch.ts';
import { until } from '../harness/until.ts';
import { hasBubblewrap, LIMITS, never, type Opened, openWorkspace } from '../integration/sandbox/drivers.ts';
import { processesWith } from './processes.ts';
import { createReport } from './report.ts';

const isRoot = process.getuid?.() === 0;
/** Each with whether it takes a listed root, which root owns. */
const MODES: [string, boolean][] = isRoot
  ? [
      ['as a user of its own', false],
      ['as the owner of a listed directory', true],
    ]
  : [["in a user namespace of the server's user", false]];

const CANARY = `canary-${newId()}`;
const MEBIBYTE = 1024 * 1024;
const ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'x64';

describe.each(MODES)('commands %s', (mode, listedRoot) => {
  if (!hasBubblewrap) {
    test.skip('bubblewrap is not installed', () => {});
    return;
  }
  const { attempt } = createReport(`Escape attempts, ${mode}`);

  let opened: Opened;
  let listener: Server;
  let port: number;
  let connections = 0;

  beforeAll(async () => {
    process.env.CRUSH_TEST_CANARY = CANARY;
    opened = await openWorkspace({ listedRoot });
    writeFileSync(join(opened.dataDir, 'secret'), CANARY, { mode: 0o600 });
    listener = createServer((socket) => {
      connections += 1;
      socket.end();
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const address = listener.address();
    port = address !== null && typeof address === 'object' ? address.port : 0;
  });
  afterAll(async () => {
    delete process.env.CRUSH_TEST_CANARY;
    listener.close();
    await opened.close();
  });

  const run = async (command: string, more: { timeoutMs?: number; env?: Record<string, string> } = {}) => {
    const result = await opened.workspace.exec({ command, ...more }, never());
    return { ...result, all: result.stdout + result.stderr };
  };
  const item = (id: string, title: string, body: () => Promise<void>) =>
    test(`${id} ${title}`, attempt(id, title, body));
  /** The errno of a system call made in the sandbox. */
  const errnoOf = (call: string) =>
    `perl -e '$! = 0; my $r = ${call}; print $r == -1 ? $! + 0 : "done", "\\n"'`;

  item('B01', "the host's files are not there", async () => {
    const other = newId();
    await opened.provider.create(other, null);
    const paths = [
      '/etc/shadow',
      '/root',
      '/var',
      '/home/*/.ssh',
      '/run/docker.sock',
      '/var/run/docker.sock',
    ];
    const absolute = [
      opened.dataDir,
      join(opened.dataDir, 'workspaces', other),
      process.cwd(),
      '/proc/1/root/root',
    ];
    const result = await run(
      `for p in ${[...paths, ...absolute].join(' ')}; do [ -e "$p" ] && echo "$p"; done; true`,
    );
    expect(result.all).toBe('');
    expect((await run('cut -d: -f1 /etc/passwd')).stdout).toBe('root\nu\n');
    const fds = await run('for f in /proc/self/fd/*; do readlink "$f"; done');
    const open = fds.stdout.split('\n').filter((line) => line.startsWith('/') && !line.startsWith('/proc/'));
    const nameless = open.filter((line) => /\/pipes\/[0-9a-f-]+ \(deleted\)$/.test(line));
    expect(nameless).toHaveLength(2);
    expect(new Set(open.filter((line) => !nameless.includes(line)))).toEqual(new Set(['/dev/null']));
  });

  item(
    'B01',
    'no descriptor of the first process leads to a file of the host that could be written',
    async () => {
      const written = await run(
        'for f in /proc/1/fd/* /proc/$$/fd/*; do (exec 9>>"$f") 2>/dev/null && readlink "$f"; done; true',
      );
      const files = written.stdout
        .split('\n')
        .filter((line) => line.startsWith('/') && !line.startsWith('/dev/'));
      expect(files.filter((line) => !/ \(deleted\)$/.test(line))).toEqual([]);
      expect(
        (await run('ls /proc/1/root/workspace/ /proc/1/cwd 2>&1; ls /proc/1/root/root')).stdout,
      ).not.toContain('secret');
    },
  );

  item('B02', 'other processes are neither seen nor reached', async () => {
    const seen = await run('ls -d /proc/[0-9]* | wc -l');
    expect(Number(seen.stdout)).toBeLessThanOrEqual(5);
    const found = await run(
      `grep -la "${CANARY.slice(0, -1)}"[${CANARY.at(-1)}] /proc/[0-9]*/environ 2>/dev/null`,
    );
    expect(found.stdout).toBe('');
    await run(`kill -9 1 ${process.pid}; kill -9 -1`);
    expect((await run('echo alive')).stdout).toBe('alive\n');
  });

  item('B03', 'no address answers', async () => {
    const before = connections;
    const hosts = [`127.0.0.1/${port}`, '169.254.169.254/80', '10.0.0.1/80', '1.1.1.1/53'];
    const result = await run(
      `for h in ${hosts.join(' ')}; do (exec 3<>/dev/tcp/$h) 2>/dev/null && echo "$h"; done; true`,
    );
    expect(result.stdout).toBe('');
    expect(connections).toBe(before);
  });

  item('B04', "Unix sockets are the sandbox's own, and the host's are not reached", async () => {
    const abstract = `crush-test-${newId()}`;
    const outside = createServer((socket) => socket.end()).listen(`\0${abstract}`);
    await once(outside, 'listening');
    const path = join(opened.dataDir, 'host.sock');
    const named = createServer((socket) => socket.end()).listen(path);
    await once(named, 'listening');
    chmodSync(path, 0o777);
    const reach = (address: string) =>
      `perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0) or die; print connect(S, pack_sockaddr_un("${address}")) ? "reached" : $!{ECONNREFUSED} || $!{ENOENT} ? "nobody" : $!, " "'`;
    const result = await run(
      `${reach(`\\0${abstract}`)}; ${reach(path)}; perl -MSocket -e 'socket(L, AF_UNIX, SOCK_STREAM, 0); bind(L, pack_sockaddr_un("/tmp/own.sock")) && listen(L, 1) or die; socket(S, AF_UNIX, SOCK_STREAM, 0); print connect(S, pack_sockaddr_un("/tmp/own.sock")) ? "own" : "none"'`,
    );
    expect(result.stdout).toBe('nobody nobody own');
    outside.close();
    named.close();
  });

  item('B05', 'no namespace can be nested', async () => {
    const flags = [0x10000000, 0x20000, 0x40000000, 0x20000000];
    const clone = numberFor(INSPECTED_SYSCALLS.clone, ARCHITECTURE);
    const calls = flags.map((flag) => errnoOf(`syscall(${clone}, ${flag + 17}, 0, 0, 0, 0)`)).join('; ');
    expect((await run(calls)).stdout).toBe('1\n1\n1\n1\n');
    expect((await run('unshare -U true; unshare -m true; unshare -n true')).stderr).toMatch(
      /(?:Operation not permitted[\s\S]*){3}/,
    );
  });

  item('B06', 'a fork bomb ends with its command and others go on', async () => {
    const second = await openWorkspace({ dataDir: opened.dataDir });
    try {
      const bomb = run('bomb() { bomb | bomb & }; bomb; sleep 60', { timeoutMs: 3000 });
      await sleep(1000);
      const others = await second.workspace.exec({ command: 'ls | wc -l; echo fine' }, never());
      expect(others.stdout).toContain('fine');
      expect((await bomb).timedOut).toBe(true);
      expect((await run('echo fine')).stdout).toBe('fine\n');
    } finally {
      await second.close();
    }
  });

  item('B06', 'no more processes than allowed', async () => {
    const limit = LIMITS.processes;
    const result = await run(
      `perl -e '$| = 1; for (1..1000) { my $p = fork; last if !defined $p; if (!$p) { sleep 9; exit } $n++ } print $n'`,
    );
    expect(Number(result.stdout)).toBeGreaterThan(10);
    expect(Number(result.stdout)).toBeLessThanOrEqual(limit);
  });

  item('B07', 'a process cannot take more memory than allowed', async () => {
    const result = await run(`perl -e 'my @x; push @x, "x" x 100_000_000 for 1..20; print "took it all"'`);
    expect(result.stdout).not.toContain('took it all');
    expect(result.exitCode).not.toBe(0);
    const node = await run(
      `node -e 'new WebAssembly.Memory({ initial: 10 }); fetch("http://127.0.0.1:1").catch(() => console.log("alive"))'`,
    );
    if (process.execPath.startsWith('/usr/')) expect(node.stdout).toBe('alive\n');
  });

  item('B07', 'nor can several together, where control groups are', async () => {
    if (!findHierarchies('/proc').some((hierarchy) => hierarchy.controllers.includes('memory'))) return;
    const hog = `perl -e '$| = 1; my @x; push @x, "x" x 100_000_000 for 1..4; print "held "; open F, ">", "held.$ARGV[0]"; sleep 60'`;
    // Until each of them holds its memory or has ended.
    const all = 'while [ $(ls held.* 2>/dev/null | wc -l) -lt $(jobs -r | wc -l) ]; do sleep 0.1; done';
    const result = await run(
      `for i in 1 2 3 4; do ${hog} $i & done; ${all}; kill $(jobs -p); wait; rm -f held.*`,
    );
    expect(result.stdout.split('held').length - 1).toBeLessThan(4);
    expect((await run('echo fine')).stdout).toBe('fine\n');
  });

  item('B08', 'every writable place has an end', async () => {
    const fill = (path: string) =>
      `head -c 700M /dev/zero 2>/dev/null > ${path}/fill; stat -c %s ${path}/fill; rm ${path}/fill`;
    const result = await run(
      `ulimit -f unlimited 2>/dev/null; ${['/tmp', '/home/u', '/dev/shm'].map(fill).join('; ')}`,
    );
    for (const size of result.stdout.trim().split('\n'))
      expect(Number(size)).toBeLessThanOrEqual(512 * MEBIBYTE);
    expect(
      (await run('touch /x /etc/x /usr/x /dev/x /proc/sys/kernel/hostname')).stderr.match(/cannot touch/g)
        ?.length,
    ).toBeGreaterThanOrEqual(4);
    expect((await run('echo x > /proc/sys/kernel/core_pattern')).exitCode).not.toBe(0);
    expect((await run('head -c 100M /dev/zero > large; stat -c %s large; rm large')).stdout).toContain(
      String(LIMITS.fileMb * MEBIBYTE),
    );
  });

  item('B08', 'a workspace over its limit ends the command', async () => {
    const result = await run('for i in 1 2 3 4 5 6; do head -c 60M /dev/zero > fill$i; done; sleep 30', {
      timeoutMs: 25_000,
    });
    await run('rm -f fill*');
    expect(result).toMatchObject({ timedOut: false, signal: 'SIGKILL' });
    expect(result.stderr).toContain('more than its limit of 256 MiB');
  });

  item('B09', 'a command that ignores TERM is killed soon after its time', async () => {
    const token = `hog-${newId()}`;
    const result = await run(
      `trap "" TERM; for i in 1 2 3; do (exec -a ${token} perl -e '$SIG{TERM} = "IGNORE"; 1 while 1') & done; wait`,
      { timeoutMs: 500 },
    );
    expect(result.timedOut).toBe(true);
    expect(result.durationMs).toBeLessThan(30_000);
    expect(processesWith(token)).toEqual([]);
  });

  item('B10', 'a flood leaves memory and event loop alone', async () => {
    const loop = watchEventLoop();
    const before = process.memoryUsage().rss;
    const result = await run('yes | head -c 200000000');
    const stretch = loop.stop();
    expect(result.truncatedBytes).toBeGreaterThan(50 * MEBIBYTE);
    expect(result.stdout.length).toBeLessThan(LIMITS.outputKb * 1024 + 100);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * MEBIBYTE);
    expect(stretch).toBeLessThan(100);
  });

  item('B11', 'daemons end with their command', async () => {
    const token = `daemon-${newId()}`;
    const daemon = `perl -MPOSIX -e 'fork && exit; setsid; fork && exit; close $_ for STDIN, STDOUT, STDERR; $0 = "${token}"; sleep 100'`;
    await run(`${daemon}; nohup setsid bash -c "exec -a ${token} sleep 100" >/dev/null 2>&1 & sleep 0.3`);
    await until(() => processesWith(token).length === 0, 'the end of the daemons');
  });

  item('B12', 'setuid programs gain nothing', async () => {
    const status = await run(
      'grep -E "^(NoNewPrivs|CapEff|CapPrm|CapInh|CapAmb):" /proc/self/status | tr -d "\\t"',
    );
    expect(status.stdout).toBe(
      'CapInh:0000000000000000\nCapPrm:0000000000000000\nCapEff:0000000000000000\nCapAmb:0000000000000000\nNoNewPrivs:1\n',
    );
    expect(
      (
        await run(
          'su -c id root </dev/null; sudo -n id; cp /bin/bash b; chmod 4755 b; ./b -p -c "id -u"; rm b',
        )
      ).stdout.trim(),
    ).not.toBe('0');
  });

  item('B13', 'the filter refuses what it lists', async () => {
    expect((await run('grep Seccomp: /proc/self/status')).stdout).toBe('Seccomp:\t2\n');
    const numbers = Object.values(DENIED_SYSCALLS).flatMap((entry) => numberFor(entry, ARCHITECTURE) ?? []);
    const calls = await run(
      `perl -e 'for (@ARGV) { $! = 0; syscall($_ + 0, 0, 0, 0, 0, 0); print "$_=", $! + 0, "\\n" }' ${numbers.join(' ')}`,
    );
    expect(calls.stdout.trim().split('\n')).toEqual(numbers.map((number) => `${number}=1`));
    const ioctl = numberFor(INSPECTED_SYSCALLS.ioctl, ARCHITECTURE);
    expect((await run(errnoOf(`syscall(${ioctl}, 0, 0x5412, 0)`))).stdout).toBe('1\n');
    expect((await run(errnoOf('syscall(435, 0, 0)'))).stdout).toBe('38\n');
    if (ARCHITECTURE === 'x64') expect((await run(errnoOf('syscall(0x40000000 + 39)'))).stdout).toBe('38\n');
    expect((await run(errnoOf('syscall(425, 0, 0)'))).stdout).toBe('38\n');
    const families = await run(
      `perl -e 'for my $f (0..50) { print "$f " if socket(S, $f, 1, 0) || socket(S, $f, 2, 0) || socket(S, $f, 3, 0) || socket(S, $f, 5, 0) } for my $p (1..31) { print "netlink:$p " if socket(S, 16, 3, $p) }'`,
    );
    expect(families.stdout).toBe('1 2 10 16 ');
  });

  item('B14', 'links in the workspace lead nowhere', async () => {
    const secret = join(opened.dataDir, 'secret');
    await run(
      `rm -rf .git; ln -s ${opened.dataDir} farm; ln -s ${secret} direct; ln -s / top; ln -s ${opened.dataDir} .git`,
    );
    const result = await run(
      'cat farm/secret direct top/etc/shadow .git/secret 2>/dev/null; ls -a .git/ top/root 2>/dev/null',
    );
    expect(result.stdout).toBe('');
    await run(`rm .git; mkdir .git; ln -s ${opened.dataDir} .git/hooks; ln -s ${secret} .git/config`);
    expect((await run('cat .git/config .git/hooks/secret')).all).not.toContain(CANARY);
    await run('rm -rf .git farm direct top');
  });

  item('B14', 'a race for mount sources is lost', async () => {
    const swap = `mkdir -p plain/hooks; echo x > plain/config; ln -sfn ${opened.dataDir} evil; mkdir -p real/config; ln -s ${opened.dataDir} real/hooks
      end=$((SECONDS + 4)); while [ $SECONDS -lt $end ]; do perl -e 'for (1..200) { rename "plain", ".git"; rename ".git", "plain"; rename "real", ".git"; rename ".git", "real"; rename "evil", ".git"; rename ".git", "evil" }'; done`;
    const swapping = run(swap);
    await sleep(200);
    for (let round = 0; round < 15; round += 1) {
      expect((await run('cat .git/hooks/secret .git/secret .git/config 2>&1')).all).not.toContain(CANARY);
    }
    await swapping;
    await run('rm -rf .git plain evil real');
    expect(readdirSync(opened.dataDir).sort()).toEqual(['homes', 'sandbox', 'secret', 'workspaces']);
  });

  item('B15', 'a repository is changed as anywhere else, and its hooks run in here alone', async () => {
    const commit = 'git -c user.name=a -c user.email=a@b commit -q --allow-empty';
    const result = await run(
      [
        'set -e',
        `git init -q -b main . && ${commit} -m one`,
        'git config core.abbrev 8 && git config core.abbrev',
        'git remote add up ../up && git remote',
        'mkdir .husky && printf "#!/bin/sh\\nid -u > hooked\\n" > .husky/pre-commit && chmod +x .husky/pre-commit',
        `git config core.hooksPath .husky && ${commit} -m two && [ -s hooked ] && echo husky`,
        'git config --unset core.hooksPath && rm hooked',
        `cp .husky/pre-commit .git/hooks/ && ${commit} -m three && [ -s hooked ] && echo hook`,
        'git add hooked && git -c user.name=a -c user.email=a@b stash -q && git stash list | wc -l && git stash drop -q',
        'git branch -m main trunk && git checkout -q -b side HEAD~1 && git branch --set-upstream-to=trunk -q',
        `${commit} -m four && git -c user.name=a -c user.email=a@b rebase -q trunk && git log --oneline | wc -l`,
        'git worktree add -q wt -b other && git -C wt rev-parse --abbrev-ref HEAD && git worktree remove wt',
        `git init -q sub && (cd sub && ${commit} -m sub) && git -c protocol.file.allow=always submodule add -q ./sub inner && git submodule status | wc -l`,
        'mv .git .git2 && mv .git2 .git && rm -rf .git/hooks && git rev-parse -q --verify HEAD > head && echo moved',
      ].join('; '),
    );
    expect(result.stderr).toBe('');
    expect(result.stdout.split(/\s+/)).toEqual([
      '8',
      'up',
      'husky',
      'hook',
      '1',
      '4',
      'other',
      '1',
      'moved',
      '',
    ]);
    expect(existsSync(join(opened.dataDir, 'hooked'))).toBe(false);
    await run('rm -rf ./* .git .husky .gitmodules');
  });

  item('B16', 'without bubblewrap nothing runs, and the self-test says why', async () => {
    expect(await opened.provider.selfTest()).toEqual({ ok: true, problems: [] });
    const without = await openWorkspace({ bwrapPath: '/usr/bin/no-bwrap' });
    const command = 'touch ran';
    await expect(without.workspace.exec({ command }, never())).rejects.toMatchObject({ code: 'unavailable' });
    await expect(without.workspace.spawn({ argv: ['/bin/true'] })).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(await without.provider.selfTest()).toEqual({
      ok: false,
      problems: [expect.stringContaining('apt install bubblewrap')],
    });
    expect(await without.workspace.stat('ran')).toBeNull();
    await without.close();
  });

  item('B17', 'environment that loads code is not passed on', async () => {
    const names = [
      'LD_PRELOAD',
      'LD_LIBRARY_PATH',
      'NODE_OPTIONS',
      'BASH_ENV',
      'ENV',
      'GIT_SSH_COMMAND',
      'SHELLOPTS',
      'PS4',
    ];
    const env = Object.fromEntries(names.map((name) => [name, '/workspace/evil']));
    const result = await run('env', { env });
    expect(result.stdout).not.toContain('evil');
    expect(result.stdout).not.toContain(CANARY);
  });

  item('X01', 'paths with tricks are refused', async () => {
    const paths = [
      '../x',
      '/etc/passwd',
      'a/../../x',
      '%2e%2e%2fx',
      '%252e%252e%252fx',
      '..\\x',
      'a\0b',
      '/workspace/../x',
      '/proc/self/environ',
    ];
    for (const path of paths) {
      const refused = { code: expect.stringMatching(/^(outside_workspace|refused)$/) };
      await expect(opened.workspace.read(path)).rejects.toMatchObject(refused);
      await expect(opened.workspace.write(path, Buffer.from('x'))).rejects.toMatchObject(refused);
      await expect(opened.workspace.stat(path)).rejects.toMatchObject(refused);
      await expect(opened.workspace.list(path, 1)).rejects.toMatchObject(refused);
      await expect(opened.workspace.remove(path)).rejects.toMatchObject(refused);
    }
  });

  item('X02', 'links to the outside are refused, at the end and on the way', async () => {
    await run(`ln -s /etc/passwd end; ln -s ${opened.dataDir} way; ln -s ../../.. up`);
    for (const path of ['end', 'way/secret', 'up/secret']) {
      await expect(opened.workspace.read(path)).rejects.toMatchObject({ code: 'outside_workspace' });
      await expect(opened.workspace.write(path, Buffer.from('x'))).rejects.toMatchObject({
        code: 'outside_workspace',
      });
    }
    const found = await opened.workspace.grep(CANARY, { limit: 10 });
    expect(found.matches).toEqual([]);
    await run('rm end way up');
  });

  item('X03', '10 000 swaps of a directory for a link leave nothing outside', async () => {
    const outside = join(opened.dataDir, 'outside');
    mkdirSync(outside);
    chmodSync(outside, 0o777);
    chmodSync(opened.dataDir, 0o755);
    writeFileSync(join(outside, 'secret'), CANARY, { mode: 0o644 });
    await run(`mkdir race; ln -s ${outside} evil`);
    const swapping = run(
      `perl -e 'for (1..5000) { rename "race", "aside"; rename "evil", "race"; rename "race", "evil"; rename "aside", "race" }'`,
    );
    let writes = 0;
    let reads = 0;
    let done = false;
    void swapping.then(() => {
      done = true;
    });
    while (!done) {
      await opened.workspace.write('race/deep/file', Buffer.from('x')).then(
        () => {
          writes += 1;
        },
        () => {},
      );
      await opened.workspace.remove('race/deep').catch(() => {});
      const secret = await opened.workspace.read('race/secret').catch(() => null);
      if (secret !== null) reads += 1;
      await opened.workspace.list('race', 10).then(
        ({ entries }) => {
          expect(entries.map((entry) => entry.path)).not.toContain('/workspace/race/secret');
        },
        () => {},
      );
    }
    expect((await swapping).exitCode).toBe(0);
    expect(readdirSync(outside)).toEqual(['secret']);
    expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe(CANARY);
    expect(reads).toBe(0);
    expect(writes).toBeGreaterThan(0);
    await run('rm -rf race evil aside');
  });

  item('X04', 'pipes, sockets, directories and foreign hard links are refused at once', async () => {
    await run('mkfifo pipe; mkdir dir');
    const server = createServer().listen(join(opened.directory, 'socket'));
    await once(server, 'listening');
    symlinkSync('pipe', join(opened.directory, 'to-pipe'));
    const names = ['pipe', 'to-pipe', 'socket', 'dir'];
    if (isRoot && !listedRoot) {
      linkSync(join(opened.dataDir, 'secret'), join(opened.directory, 'hard'));
      names.push('hard');
    }
    for (const name of names) {
      const refused = { code: expect.stringMatching(/^(refused|not_a_file)$/) };
      await expect(opened.workspace.read(name)).rejects.toMatchObject(refused);
      await expect(opened.workspace.write(name, Buffer.from('x'))).rejects.toMatchObject(refused);
    }
    server.close();
    await run('rm -rf pipe dir to-pipe hard socket');
  });

  item('X05', 'huge files and directories do not hold up the event loop', async () => {
    const fill = `mkdir many few; perl -e 'for (1..40000) { open F, ">", "many/$_" }'; head -c 50M /dev/zero | tr "\\0" "x" > few/huge`;
    expect((await run(fill)).exitCode).toBe(0);
    const loop = watchEventLoop();
    const listed = await opened.workspace.list('many', 1000);
    const tree = await opened.workspace.tree('', { depth: 0, limit: 1000 });
    const part = await opened.workspace.read('few/huge', { limit: 100_000 });
    const { matches } = await opened.workspace.grep('needle', { path: 'few', limit: 10 });
    const stretch = loop.stop();
    await run('rm -rf many few');
    expect([listed.truncated, listed.entries.length]).toEqual([true, 1000]);
    expect([tree.truncated, tree.entries.length]).toEqual([true, 1000]);
    expect([part.bytes.length, matches.length]).toEqual([100_000, 0]);
    // One read of it all would hold the loop for longer.
    expect(stretch).toBeLessThan(150);
  });

  item('X06', "another project's id opens nothing", async () => {
    await expect(opened.provider.open(newId(), null)).rejects.toMatchObject({ code: 'not_found' });
    await expect(opened.provider.open(`${newId()}/..`, null)).rejects.toMatchObject({ code: 'refused' });
  });

  item('X08', 'odd names are data and nothing else', async () => {
    const name = 'a\n\u001b[31m<script>;$(id)';
    await opened.workspace.write(name, Buffer.from('needle'));
    const path = `/workspace/${name}`;
    expect((await opened.workspace.list('', 100)).entries.map((entry) => entry.path)).toContain(path);
    expect((await opened.workspace.glob('**', { limit: 100 })).paths).toContain(path);
    expect(
      (await opened.workspace.grep('needle', { limit: 100 })).matches.map((match) => match.path),
    ).toContain(path);
    await opened.workspace.remove(name);
  });
});
