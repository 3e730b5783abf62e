import { chownSync, cpSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasBubblewrap, LIMITS, never, type Opened, openWorkspace } from '../integration/sandbox/drivers.ts';

const isRoot = process.getuid?.() === 0;
const MODES: [string, boolean][] = isRoot
  ? [
      ['as a user of its own', false],
      ['as the owner of a listed directory', true],
    ]
  : [["in a user namespace of the server's user", false]];

/** A package of npm and what it needs, as an installation in the workspace would put it there. */
function install(
  directory: string,
  name: string,
  from = import.meta.filename,
  seen = new Set<string>(),
): void {
  const source = createRequire(from)
    .resolve.paths(name)
    ?.map((path) => join(path, name))
    .find((path) => existsSync(join(path, 'package.json')));
  if (source === undefined || seen.has(name)) return;
  seen.add(name);
  const target = join(directory, 'node_modules', name);
  mkdirSync(dirname(target), { recursive: true });
  cpSync(source, target, { recursive: true });
  const manifest = join(source, 'package.json');
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    dependencies?: object;
    optionalDependencies?: object;
  };
  for (const needed of Object.keys({ ...dependencies, ...optionalDependencies })) {
    install(directory, needed, manifest, seen);
  }
}

const has = (path: string): boolean => existsSync(path);

describe.skipIf(!hasBubblewrap).each(MODES)('programs of every day, %s', (_mode, listedRoot) => {
  let opened: Opened;
  beforeAll(async () => {
    opened = await openWorkspace({
      listedRoot,
      limits: { ...LIMITS, memoryMb: 2048, processes: 256, fileMb: 256, workspaceMb: 1024 },
    });
    install(opened.directory, 'tsx');
    install(opened.directory, 'vite', createRequire(import.meta.url).resolve('vitest/package.json'));
    const { uid, gid } = statSync(opened.directory);
    if (isRoot) chownSync(join(opened.directory, 'node_modules'), uid, gid);
  });
  afterAll(() => opened.close());

  const run = async (command: string) => {
    const result = await opened.workspace.exec({ command, timeoutMs: 50_000 }, never());
    return result.stdout + (result.exitCode === 0 ? '' : `\n${result.exitCode}: ${result.stderr}`);
  };

  test('a shell with pipes, groups, jobs and substitutions', async () => {
    expect(
      await run(
        'set -e; (echo a; echo b) | sort -r | tr "\\n" " "; x=$(echo c); sleep 0.01 & wait; cat <(echo "$x")',
      ),
    ).toBe('b a c\n');
  });

  test('node: workers, child processes with a channel, interfaces, Unix sockets', async () => {
    const script = `
      const { Worker } = require('node:worker_threads'); const { fork } = require('node:child_process');
      const net = require('node:net'), os = require('node:os'), fs = require('node:fs');
      fs.writeFileSync('/tmp/child.js', 'process.send("forked"); process.disconnect()');
      const said = [Object.keys(os.networkInterfaces()).join()];
      const worker = new Worker('require("node:worker_threads").parentPort.postMessage("worker")', { eval: true });
      worker.once('message', (m) => { said.push(m); fork('/tmp/child.js').once('message', (m) => { said.push(m);
        const server = net.createServer((s) => s.end('unix')).listen('/tmp/a.sock', () => net.connect('/tmp/a.sock').on('data', (d) => { said.push(String(d)); server.close(); console.log(said.join(' ')); })); }); });`;
    expect(await run(`cat > /tmp/a.js <<'E'\n${script}\nE\nnode /tmp/a.js`)).toBe('lo worker forked unix\n');
  });

  test('tsx', async () => {
    expect(
      await run(
        'echo "const a: number = 6; console.log(a * 7)" > a.ts; node node_modules/tsx/dist/cli.mjs a.ts',
      ),
    ).toBe('42\n');
  });

  test('vite --host', async () => {
    expect(
      await run(`mkdir -p site && echo '<h1>it works</h1>' > site/index.html && cd site
        node ../node_modules/vite/bin/vite.js --host --port 5199 > log 2>&1 & cd /workspace
        for i in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/5199) 2>/dev/null && break; sleep 0.2; done
        node -e 'fetch("http://127.0.0.1:5199/").then((r) => r.text()).then((t) => console.log(/it works/.exec(t)?.[0]))' || cat site/log
        kill %1`),
    ).toBe('it works\n');
  });

  test('git', async () => {
    expect(
      await run(
        'rm -rf repo; git init -q repo && cd repo && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m one && git clone -q . ../clone && git -C ../clone log --format=%s',
      ),
    ).toBe('one\n');
  });

  test.skipIf(!has('/usr/bin/gcc'))('gcc', async () => {
    expect(
      await run(
        `echo '#include <stdio.h>\n#include <pthread.h>\nstatic void *f(void *x) { return x; } int main(void) { pthread_t t; pthread_create(&t, 0, f, 0); pthread_join(t, 0); puts("built"); }' > a.c && gcc -pthread a.c -o /tmp/a.out && /tmp/a.out`,
      ),
    ).toBe('built\n');
  });

  test.skipIf(!has('/usr/bin/python3'))(
    'python: multiprocessing with pools, managers and locks',
    async () => {
      const script = `
from multiprocessing import Pool, Manager, Lock
def f(x): return x * x
if __name__ == "__main__":
    with Pool(2) as p, Manager() as m:
        d = m.dict(); d["a"] = sum(p.map(f, range(4)))
        with Lock(): print(d["a"])`;
      expect(await run(`cat > a.py <<'E'\n${script}\nE\n/usr/bin/python3 a.py`)).toBe('14\n');
    },
  );

  test.skipIf(!has('/usr/bin/go'))('go: a build, goroutines, sockets', async () => {
    const source = `package main
import ("fmt"; "net"; "sync")
func main() { l, err := net.Listen("tcp", "127.0.0.1:0"); if err != nil { panic(err) }
  go func() { c, _ := l.Accept(); fmt.Fprint(c, "gone"); c.Close() }()
  var w sync.WaitGroup; w.Add(1)
  go func() { defer w.Done(); c, err := net.Dial("tcp", l.Addr().String()); if err != nil { panic(err) }; b := make([]byte, 9); n, _ := c.Read(b); fmt.Println(string(b[:n])) }()
  w.Wait() }`;
    expect(await run(`mkdir -p g; cat > g/a.go <<'E'\n${source}\nE\nGOFLAGS=-p=2 go run g/a.go`)).toBe(
      'gone\n',
    );
  });

  test.skipIf(!has('/usr/bin/redis-server'))('redis, by both kinds of socket', async () => {
    expect(
      await run(`redis-server --port 6399 --unixsocket /tmp/redis.sock --save '' --dir /tmp > /tmp/redis.log 2>&1 &
        for i in $(seq 100); do [ -S /tmp/redis.sock ] && break; sleep 0.1; done
        redis-cli -p 6399 set a 1; redis-cli -s /tmp/redis.sock get a; redis-cli -p 6399 shutdown nosave; wait`),
    ).toBe('OK\n1\n');
  });

  const postgres = '/usr/lib/postgresql/15/bin';
  test.skipIf(!has(postgres))('PostgreSQL', async () => {
    expect(
      await run(`${postgres}/initdb -D ~/pg -A trust -U u --no-sync > /dev/null && ${postgres}/pg_ctl -D ~/pg -o "-k /tmp -p 5499" -l /tmp/pg.log -w start > /dev/null || cat /tmp/pg.log
        psql -h /tmp -p 5499 -U u postgres -Atc 'select 6 * 7'; psql -h 127.0.0.1 -p 5499 -U u postgres -Atc 'select 1'; ${postgres}/pg_ctl -D ~/pg -m fast stop > /dev/null`),
    ).toBe('42\n1\n');
  });

  test.skipIf(!has('/usr/bin/tmux'))('tmux', async () => {
    expect(
      await run(
        'tmux new-session -d -s a "echo inside > /tmp/said; sleep 60"; for i in $(seq 100); do [ -s /tmp/said ] && break; sleep 0.1; done; cat /tmp/said; tmux kill-server',
      ),
    ).toBe('inside\n');
  });
});
