import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WorkspaceProcess } from '#domain/workspace/index.ts';
import { until } from '../harness/until.ts';
import { hasBubblewrap, never, type Opened, openWorkspace } from '../integration/sandbox/drivers.ts';

const isRoot = process.getuid?.() === 0;
const MODES: [string, boolean][] = isRoot
  ? [
      ['as a user of its own', false],
      ['as the owner of a listed directory', true],
    ]
  : [["in a user namespace of the server's user", false]];

/** Answers each connection with a greeting and what it is told, in capitals. */
const SERVER = (family: 'INET' | 'INET6', host: string, port: number) =>
  `perl -MIO::Socket::IP -e '$s = IO::Socket::IP->new(LocalHost => "${host}", LocalPort => ${port}, GetAddrInfoFlags => 0, Listen => 50, ReuseAddr => 1, Family => Socket::AF_${family}) or die; $| = 1; print "ready\\n"; while ($c = $s->accept) { print $c "hello\\n"; $l = <$c>; print $c uc $l; close $c }'`;

async function readAll(stream: Duplex): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

describe.skipIf(!hasBubblewrap).each(MODES)('the world of a project, %s', (_mode, listedRoot) => {
  let opened: Opened;
  const started: WorkspaceProcess[] = [];
  beforeAll(async () => {
    opened = await openWorkspace({ listedRoot });
  });
  afterAll(async () => {
    await Promise.all(started.map((process) => process.kill()));
    await opened.close();
  });

  const run = (command: string) => opened.workspace.exec({ command, timeoutMs: 20_000 }, never());

  async function serve(command: string): Promise<WorkspaceProcess> {
    const process = await opened.workspace.spawn({ argv: ['/bin/bash', '-c', command] });
    started.push(process);
    await once(process.stdout, 'data');
    return process;
  }

  test('a server in the background answers the next command by either family', async () => {
    await serve(SERVER('INET', '127.0.0.1', 4501));
    await serve(SERVER('INET6', '::1', 4502));
    const ask = (host: string, port: number) =>
      run(`exec 3<>/dev/tcp/${host}/${port}; echo there >&3; cat <&3`);
    expect((await ask('127.0.0.1', 4501)).stdout).toBe('hello\nTHERE\n');
    expect((await ask('::1', 4502)).stdout).toBe('hello\nTHERE\n');
  });

  test('the server behind it connects to either, and gets what is said first', async () => {
    for (const port of [4501, 4502]) {
      const socket = await opened.workspace.connect(port);
      socket.write('from outside\n');
      expect(await readAll(socket)).toBe('hello\nFROM OUTSIDE\n');
    }
    const many = await Promise.all(Array.from({ length: 20 }, () => opened.workspace.connect(4501)));
    for (const socket of many) socket.write('one of many\n');
    for (const socket of many) expect(await readAll(socket)).toBe('hello\nONE OF MANY\n');
  });

  test('where nothing listens, nothing is connected, and nothing outside either', async () => {
    const listener = createServer((socket) => socket.end('outside')).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const address = listener.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    await expect(opened.workspace.connect(port)).rejects.toMatchObject({ code: 'not_found' });
    await expect(opened.workspace.connect(4503)).rejects.toMatchObject({ code: 'not_found' });
    await expect(opened.workspace.connect(4501, AbortSignal.abort())).rejects.toMatchObject({
      code: 'unavailable',
    });
    listener.close();
  });

  test('home and /tmp stay from one command to the next, and are its own', async () => {
    const written = await run('echo kept > ~/file; echo too > /tmp/file; umask; stat -c %a:%U /tmp ~');
    expect(written.stdout).toBe('0022\n1777:u\n700:u\n');
    expect((await run('cat ~/file /tmp/file; git config --global user.name me')).stdout).toBe('kept\ntoo\n');
    expect((await run('git config --global user.name; ls -A /workspace')).stdout).toBe('me\n');
    const second = await openWorkspace({ dataDir: opened.dataDir });
    expect((await second.workspace.exec({ command: 'ls -A ~ /tmp' }, never())).stdout).toBe(
      '/home/u:\n\n/tmp:\n',
    );
    await second.close();
  });

  test('another project is in another network', async () => {
    const id = opened.provider;
    const other = '01890000-0000-7000-8000-000000000000';
    await id.create(other, null);
    const workspace = await id.open(other, null);
    const ask = {
      command: '(exec 3<>/dev/tcp/127.0.0.1/4501) 2>/dev/null && echo in; readlink /proc/self/ns/net',
    };
    const theirs = (await workspace.exec(ask, never())).stdout;
    const ours = (await run('readlink /proc/self/ns/net')).stdout;
    expect(theirs).toMatch(/^net:/);
    expect(theirs).not.toBe(ours);
    await id.destroy(other, null);
    expect(existsSync(join(opened.dataDir, 'homes', other))).toBe(false);
  });

  test('the next server finds the home and an empty /tmp', async () => {
    await run('echo kept > ~/file; mkdir -p /tmp/deep/er; echo gone > /tmp/deep/er/file');
    const own = join(opened.dataDir, 'homes', opened.projectId);
    expect(statSync(own).mode & 0o777).toBe(0o700);
    await Promise.all(started.splice(0).map((process) => process.kill()));
    await opened.provider.close();
    const next = await openWorkspace({ dataDir: opened.dataDir, listedRoot });
    const { provider } = next;
    await provider.create(opened.projectId, null);
    const workspace = await provider.open(opened.projectId, null);
    const found = await workspace.exec({ command: 'cat ~/file; ls -A /tmp' }, never());
    expect(found.stdout).toBe('kept\n');
    await until(() => readdirSync(own).length === 2, 'only home and /tmp');
    await next.close();
  });
});

test.skipIf(!hasBubblewrap)('a project is left without descriptors and processes', async () => {
  const descriptors = () => readdirSync('/proc/self/fd').length;
  const first = await openWorkspace();
  const before = descriptors();
  await first.workspace.exec({ command: 'true' }, never());
  await first.workspace.connect(1).catch(() => {});
  await first.provider.destroy(first.projectId, null);
  await first.close();
  await until(() => descriptors() <= before, 'closed descriptors');
});

test('without a sandbox the port is one of this host', async () => {
  const opened = await openWorkspace({ driver: 'host' });
  const listener = createServer((socket) => socket.end('here')).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  expect(await readAll(await opened.workspace.connect(port))).toBe('here');
  listener.close();
  await once(listener, 'close');
  await expect(opened.workspace.connect(port)).rejects.toMatchObject({ code: 'not_found' });
  await opened.close();
});

test.skipIf(!hasBubblewrap)('programs of a mounted toolchain are found first', async () => {
  const toolchain = mkdtempSync('/opt/crush-toolchain-');
  mkdirSync(join(toolchain, 'bin'));
  writeFileSync(join(toolchain, 'bin', 'forge'), '#!/bin/sh\necho forged\n');
  chmodSync(join(toolchain, 'bin', 'forge'), 0o755);
  chmodSync(toolchain, 0o755);
  const opened = await openWorkspace({ readOnlyPaths: [toolchain, '/usr/share'] });
  const { stdout } = await opened.workspace.exec({ command: 'forge; echo $PATH' }, never());
  expect(stdout).toBe(`forged\n${toolchain}/bin:/usr/local/bin:/usr/bin:/bin\n`);
  await opened.close();
  rmSync(toolchain, { recursive: true });
});
