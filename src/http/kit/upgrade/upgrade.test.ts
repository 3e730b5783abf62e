import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { DomainError } from '#domain/errors.ts';
import type { Log } from '#shared/log.ts';
import { mountUpgrade, type SocketEvents, type UpgradeAdmission, type UpgradeMount } from './upgrade.ts';

const TOKEN = 'secret-token';
const GOOD = `GET /ws?token=${TOKEN} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
const KEY = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

describe('an upgrade', () => {
  let server: Server;
  let mounted: UpgradeMount;
  let port: number;
  const clock = { time: 0, now: () => clock.time };
  const lines: Array<{ level: string; fields: Record<string, unknown>; text: string }> = [];
  let seen: string[] = [];
  let admit: (request: IncomingMessage) => Promise<UpgradeAdmission> | UpgradeAdmission;

  const log = Object.fromEntries(
    ['debug', 'info', 'warn', 'error'].map((level) => [
      level,
      (fields: Record<string, unknown>, text: string) => void lines.push({ level, fields, text }),
    ]),
  ) as unknown as Log;

  function echo(): UpgradeAdmission {
    // Of this test: an earlier one may still be closing its sockets.
    const mine = seen;
    return {
      open({ socket }): SocketEvents {
        mine.push('open');
        return {
          onText: (data) => socket.send(`text ${data}`),
          onBinary: (data) => socket.send(`binary ${data.length}`),
          onAlive: () => mine.push('alive'),
          onClose: () => mine.push('close'),
        };
      },
      cancel: () => mine.push('cancel'),
    };
  }

  beforeEach(async () => {
    lines.length = 0;
    seen = [];
    clock.time = 0;
    admit = echo;
    server = createServer();
    mounted = mountUpgrade({
      server,
      path: '/ws',
      clock,
      log,
      maxPayloadBytes: 1024,
      closeTimeoutMs: 1_000,
      addressOf: () => '192.0.2.7',
      subprotocolOf: ({ headers }) => headers['sec-websocket-protocol']?.split(',')[0] ?? null,
      settingOf: (error) => (error instanceof DomainError && error.code === 'forbidden' ? 'a.setting' : null),
      admit: (request) => admit(request),
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterEach(async () => {
    mounted.close();
    server.close();
    await once(server, 'close');
  });

  async function open(options: { protocols?: string[]; origin?: string } = {}): Promise<WebSocket> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws?token=${TOKEN}`, options.protocols ?? [], {
      origin: options.origin,
    });
    await once(socket, 'open');
    return socket;
  }

  /** The whole answer to bytes that are no upgrade, or that are refused. */
  async function answerTo(bytes: string): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.write(bytes);
    await once(socket, 'close');
    return Buffer.concat(chunks).toString();
  }

  function refuseAll(error: unknown): void {
    admit = () => {
      throw error;
    };
  }

  it('serves what is admitted, with the subprotocol that was confirmed', async () => {
    const socket = await open({ protocols: ['first', 'second'] });
    expect(socket.protocol).toBe('first');
    socket.send('hi');
    expect(String((await once(socket, 'message'))[0])).toBe('text hi');
    socket.send(Buffer.alloc(3));
    expect(String((await once(socket, 'message'))[0])).toBe('binary 3');
    socket.ping();
    await once(socket, 'pong');
    socket.close();
    await expect.poll(() => seen).toEqual(['open', 'alive', 'close']);
  });

  it('loses no message that comes with the request', async () => {
    const frame = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]).toString('latin1');
    const socket = connect(port, '127.0.0.1');
    socket.write(Buffer.from(`${GOOD}${KEY}\r\n${frame}`, 'latin1'));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    await expect.poll(() => answer).toContain('text hi');
    socket.destroy();
  });

  it('of a frame that is too long ends with 1009', async () => {
    const socket = await open();
    socket.send('x'.repeat(2_000));
    expect((await once(socket, 'close'))[0]).toBe(1009);
  });

  it('is refused with the answer that HTTP gives', async () => {
    refuseAll(new DomainError('too_many_requests', 'Too many', { retryAfterSeconds: 7 }));
    const answer = await answerTo(`${GOOD}${KEY}\r\n`);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n/);
    expect(head.toLowerCase()).toContain('retry-after: 7');
    expect(JSON.parse(body)).toEqual({
      error: 'Too many',
      code: 'too_many_requests',
      request_id: /x-request-id: (\S+)/i.exec(head)?.[1],
    });
  });

  it.each([
    ['GET //evil HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', 400],
    ['GET http://[ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', 400],
    ['GET /wsx HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', 404],
    [`${GOOD}\r\n`, 400],
    [`${GOOD}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n`, 400],
    [`${GOOD}${KEY.replace('13', '8')}\r\n`, 400],
    [`${GOOD.replace('websocket', 'h2c')}${KEY}\r\n`, 400],
    [`${GOOD.replace('GET', 'POST')}${KEY}\r\n`, 400],
  ])('of %j is answered %i and the server lives on', async (bytes, status) => {
    expect(await answerTo(bytes)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(seen.filter((what) => what !== 'cancel')).toEqual([]);
    (await open()).terminate();
  });

  it('with odd bytes in its headers does no harm', async () => {
    const odd = Buffer.from(`${GOOD}${KEY}X-Odd: \xff\xfe\x80\r\n__proto__: x\r\nHost: y\r\n\r\n`, 'latin1');
    const socket = connect(port, '127.0.0.1');
    socket.write(odd);
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 (101|400) /);
    socket.destroy();
    (await open()).terminate();
  });

  it('that was given up meanwhile is cancelled', async () => {
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    admit = () => gate.then(echo);
    const socket = connect(port, '127.0.0.1');
    socket.write(`${GOOD}${KEY}\r\n`);
    const [request] = (await once(server, 'upgrade')) as [IncomingMessage];
    socket.resetAndDestroy();
    await new Promise((resolve) => request.socket.once('close', resolve));
    go();
    await expect.poll(() => seen).toEqual(['cancel']);
  });

  it('that is refused leaves one line with reason, origin and setting, and never the token', async () => {
    refuseAll(new DomainError('forbidden', 'This origin is not allowed'));
    await answerTo(`${GOOD}Authorization: Bearer ${TOKEN}\r\nOrigin: https://elsewhere.example\r\n\r\n`);
    expect(lines).toMatchObject([
      {
        level: 'warn',
        text: 'upgrade refused',
        fields: {
          code: 'forbidden',
          reason: 'This origin is not allowed',
          status: 403,
          path: '/ws',
          origin: 'https://elsewhere.example',
          address: '192.0.2.7',
          setting: 'a.setting',
        },
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain(TOKEN);
  });

  it('that is refused often leaves few lines, and the next one counts the others', async () => {
    refuseAll(new DomainError('unauthenticated', 'A token is required'));
    for (let n = 0; n < 25; n++) await answerTo(`${GOOD}\r\n`);
    expect(lines).toHaveLength(20);
    clock.time = 2_000;
    await answerTo(`${GOOD}\r\n`);
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)?.fields).toMatchObject({ left_out: 5 });
    expect(lines.at(-1)?.fields).not.toHaveProperty('setting');
  });

  it('that fails unexpectedly is answered 500 without a word of why', async () => {
    refuseAll(new Error('the database said so'));
    const answer = await answerTo(`${GOOD}${KEY}\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 500 /);
    expect(answer).not.toContain('database');
    expect(lines).toMatchObject([{ level: 'error', text: 'upgrade failed' }]);
  });

  it('ends with the mount: at once, or with a close frame', async () => {
    const first = await open();
    mounted.close({ code: 1001, reason: 'bye' });
    expect((await once(first, 'close'))[0]).toBe(1001);
  });
});
