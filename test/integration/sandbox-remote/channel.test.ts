import { once } from 'node:events';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Workspace } from '#domain/workspace/index.ts';
import { CHANNEL_WINDOW_BYTES, decodeFrame, encodeFrame } from '#infra/sandbox/wire/channel-wire.ts';
import { sleep } from '#shared/async/sleep.ts';
import { until } from '../../harness/until.ts';
import { LIMITS, never } from '../sandbox/drivers.ts';
import { connectTo, createMemoryPlacements, openRemoteWorkspace, TOKEN } from './world.ts';

let opened: Awaited<ReturnType<typeof openRemoteWorkspace>>;
let workspace: Workspace;
beforeAll(async () => {
  opened = await openRemoteWorkspace();
  workspace = opened.workspace;
});
afterAll(() => opened.close());
beforeEach(async () => {
  for (const entry of (await workspace.list('', 1000)).entries) await workspace.remove(entry.path);
});

const BEAT = 'while :; do date +%s%N > beat; sleep 0.05; done';
const beat = async (): Promise<string> => Buffer.from((await workspace.read('beat')).bytes).toString();

const running = async (): Promise<number> =>
  ((await (await fetch(`${opened.server.url}/health`)).json()) as { running: number }).running;
const beats = (name = 'beat') => until(() => workspace.stat(name), name);

async function expectEnded(): Promise<void> {
  const last = await beat();
  await sleep(300);
  expect(await beat()).toBe(last);
}

async function openSocket(): Promise<WebSocket> {
  const socket = new WebSocket(`${opened.server.url.replace('http', 'ws')}/v1/channel`, {
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  await once(socket, 'message');
  return socket;
}

describe('what runs over a channel', () => {
  test('is killed when the connection is cut', async () => {
    const sockets = new Set<Socket>();
    const relay = createServer((near) => {
      const far = connectTcp(opened.server.port, '127.0.0.1');
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on('error', () => {});
      }
      near.pipe(far).pipe(near);
    }).listen(0, '127.0.0.1');
    await once(relay, 'listening');
    const address = relay.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const url = `http://127.0.0.1:${address.port}`;
    const placement = createMemoryPlacements();
    await placement.put(opened.projectId, url);
    const provider = connectTo([url], { placement });
    try {
      const remote = await provider.open(opened.projectId, null);
      const command = remote.exec({ command: BEAT }, never());
      command.catch(() => {});
      const child = await remote.spawn({ argv: ['/bin/bash', '-c', BEAT.replace('beat', 'beat2')] });
      await Promise.all([beats(), beats('beat2')]);
      for (const socket of sockets) socket.destroy();
      await expect(command).rejects.toMatchObject({ code: 'unavailable' });
      expect(await child.exited).toEqual({ exitCode: null, signal: 'SIGKILL' });
      await until(async () => (await running()) === 0, 'the end of what ran');
      await expectEnded();
    } finally {
      await provider.close();
      relay.close();
    }
  });

  test('is ended by its signal and by nothing else of the same channel', async () => {
    const controller = new AbortController();
    const cancelled = workspace.exec({ command: `echo begun; ${BEAT}` }, controller.signal);
    const other = workspace.exec({ command: 'until [ -e go ]; do sleep 0.05; done; echo done' }, never());
    await beats();
    controller.abort();
    expect(await cancelled).toMatchObject({ cancelled: true, stdout: 'begun\n', exitCode: null });
    await expectEnded();
    await workspace.write('go', Buffer.from(''));
    expect((await other).stdout).toBe('done\n');
  });

  test('is kept apart from what else runs over it', async () => {
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, n) => workspace.exec({ command: `echo ${n}` }, never())),
    );
    expect(results.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 20 }, (_, n) => `${n}\n`));
  });
});

describe('floods', () => {
  test('of a command are cut at its limit, live and kept', async () => {
    let live = 0;
    const result = await workspace.exec(
      {
        command: 'echo first; head -c 100000000 /dev/zero | tr "\\0" y; echo last',
        onOutput: (_stream, text) => {
          live += text.length;
        },
      },
      never(),
    );
    expect(result.exitCode).toBe(0);
    expect(result.stdout.startsWith('first\n')).toBe(true);
    expect(result.stdout.endsWith('last\n')).toBe(true);
    expect(result.stdout.length).toBeLessThan(LIMITS.outputKb * 1024 + 100);
    expect(live).toBeLessThanOrEqual(LIMITS.outputKb * 1024);
  });

  test('of a process wait in its pipe until somebody reads', async () => {
    const child = await workspace.spawn({
      argv: [
        '/bin/bash',
        '-c',
        'i=0; while :; do head -c 65536 /dev/zero; i=$((i+1)); echo $i > count; done',
      ],
    });
    const count = async (): Promise<number> =>
      Number(Buffer.from((await workspace.read('count')).bytes).toString());
    let stalled = -1;
    await expect
      .poll(
        async () => {
          const before = stalled;
          stalled = await count().catch(() => 0);
          return stalled > 0 && stalled === before;
        },
        { interval: 700, timeout: 15_000 },
      )
      .toBe(true);
    expect(stalled).toBeLessThan(20);
    let seen = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.length;
    });
    await expect.poll(() => seen, { timeout: 15_000 }).toBeGreaterThan(1_000_000);
    // Between two writes the file is empty for a moment.
    await expect.poll(count, { timeout: 15_000 }).toBeGreaterThan(stalled);
    await child.kill();
    const { exitCode, signal } = await child.exited;
    expect(exitCode === 143 || signal !== null).toBe(true);
  });

  test('in pieces of any size go on after their reader stood still', async () => {
    const child = await workspace.spawn({ argv: ['/bin/dd', 'if=/dev/zero', 'bs=5001', 'count=300'] });
    await until(() => child.stdout.readableLength >= CHANNEL_WINDOW_BYTES, 'a full window');
    expect(child.stdout.readableLength).toBe(CHANNEL_WINDOW_BYTES);
    let seen = 0;
    for await (const chunk of child.stdout) seen += (chunk as Buffer).length;
    expect(await child.exited).toEqual({ exitCode: 0, signal: null });
    expect(seen).toBe(300 * 5001);
  });

  test('over a connection are no more than was granted, to the byte', async () => {
    const size = 300 * 5001;
    const child = await workspace.spawn({
      argv: [
        '/usr/bin/perl',
        '-MIO::Socket::INET',
        '-e',
        '$s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1) or die; syswrite(STDOUT, $s->sockport); $c = $s->accept; print $c "z" x 5001 for 1..300; close $c',
      ],
    });
    const port = Number(String((await once(child.stdout, 'data'))[0]));
    const socket = await openSocket();
    let seen = 0;
    const told: string[] = [];
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) seen += decodeFrame(data)?.payload.length ?? 0;
      else told.push(JSON.parse(data.toString()).type);
    });
    const credit = (bytes: number) =>
      socket.send(JSON.stringify({ type: 'credit', id: 1, stream: 'stdout', bytes }));
    socket.send(JSON.stringify({ type: 'connect', id: 1, project_id: opened.projectId, root: null, port }));
    let granted = CHANNEL_WINDOW_BYTES;
    for (const more of [1, 40_000, CHANNEL_WINDOW_BYTES]) {
      await until(() => seen >= granted, 'what was granted');
      expect(seen).toBe(granted);
      granted += more;
      credit(more);
    }
    for (; granted < size; granted += CHANNEL_WINDOW_BYTES) credit(CHANNEL_WINDOW_BYTES);
    socket.send(JSON.stringify({ type: 'stdin_end', id: 1 }));
    await until(() => told.includes('exit'), 'the end of the connection');
    expect(seen).toBe(size);
    expect(told).not.toContain('error');
    socket.close();
    expect((await child.exited).exitCode).toBe(0);
  });

  test('into a process wait until it reads, and arrive whole', async () => {
    const size = 3_000_000;
    const child = await workspace.spawn({
      argv: ['/bin/bash', '-c', 'until [ -e go ]; do sleep 0.05; done; wc -c; exit 4'],
    });
    const data = Buffer.alloc(size, 'z');
    let flushed = false;
    child.stdin.write(data, () => {
      flushed = true;
    });
    child.stdin.end();
    await sleep(400);
    expect(flushed).toBe(false);
    await workspace.write('go', Buffer.from(''));
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    expect(await child.exited).toEqual({ exitCode: 4, signal: null });
    expect(text.trim()).toBe(String(size));
  });

  test('of megabytes come back byte for byte in order', async () => {
    const child = await workspace.spawn({ argv: ['/bin/cat'] });
    const sent = Buffer.from(Array.from({ length: 2_000_000 }, (_, n) => (n * 7919) % 251));
    child.stdin.end(sent);
    const received: Buffer[] = [];
    for await (const chunk of child.stdout) received.push(chunk as Buffer);
    expect(Buffer.concat(received).equals(sent)).toBe(true);
    expect((await child.exited).exitCode).toBe(0);
  });
});

describe('errors', () => {
  test('of one request leave the channel to the others', async () => {
    const other = workspace.exec({ command: 'sleep 0.5; echo fine' }, never());
    for (const timeoutMs of [Number.NaN, -1]) {
      const refused = workspace.exec({ command: 'true', timeoutMs }, never());
      await expect(refused).rejects.toMatchObject({ code: 'refused' });
    }
    await expect(workspace.exec({ command: 'y'.repeat(17_000_000) }, never())).rejects.toMatchObject({
      code: 'too_large',
    });
    await expect(workspace.spawn({ argv: ['/bin/cat'], cwd: '../x' })).rejects.toMatchObject({
      code: 'outside_workspace',
    });
    expect((await other).stdout).toBe('fine\n');
  });

  test('in the rules of the channel close it', async () => {
    for (const violation of [
      'no JSON',
      '{}',
      Buffer.from([1, 2]),
      encodeFrame('stdout', 1, Buffer.from('x')),
    ]) {
      const socket = await openSocket();
      socket.send(violation);
      const [code] = await once(socket, 'close');
      expect(code).toBe(1008);
    }
    const socket = await openSocket();
    const request = { project_id: opened.projectId, root: null, live: false };
    socket.send(JSON.stringify({ type: 'exec', id: 1, command: BEAT, ...request }));
    await beats();
    socket.send(JSON.stringify({ type: 'exec', id: 1, command: 'true', ...request }));
    await once(socket, 'close');
    await until(async () => (await running()) === 0, 'the end of what ran');
    await expectEnded();
  });

  test('in what is said of something that runs end it', async () => {
    const socket = await openSocket();
    const request = { project_id: opened.projectId, root: null, argv: ['/bin/bash', '-c', BEAT] };
    socket.send(JSON.stringify({ type: 'spawn', id: 3, ...request }));
    await beats();
    socket.send(JSON.stringify({ type: 'credit', id: 3, stream: 'stdout', bytes: 0 }));
    await until(async () => (await running()) === 0, 'the end of what ran');
    await expectEnded();
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.close();
  });

  test('of a project that does not exist are told as such', async () => {
    const socket = await openSocket();
    const request = { project_id: '../../etc', root: null, live: false, command: 'true' };
    socket.send(JSON.stringify({ type: 'exec', id: 7, ...request }));
    const [data] = await once(socket, 'message');
    expect(JSON.parse(String(data))).toMatchObject({ type: 'error', id: 7, code: 'refused' });
    socket.close();
  });
});
