import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '#shared/log.ts';
import { createAllowlist } from './allowlist.ts';
import { createEgressProxy } from './proxy.ts';

const closing: (() => void)[] = [];
let proxyPort: number;
/** What the listed host was told, by either port. */
let heard: string[];

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

beforeEach(async () => {
  heard = [];
  const secure = await listen(
    createServer((socket) => {
      socket
        .on('error', () => {})
        .on('data', (bytes) => {
          heard.push(`tls ${bytes[0]}`);
          socket.end('answered');
        });
    }),
  );
  const web = createHttpServer((request, response) => {
    heard.push(`${request.headers.host}${request.url}`);
    response.end('plain');
  });
  const plain = await listen(web);
  const proxy = createEgressProxy({
    allowlist: createAllowlist(['allowed.test']),
    dial: async ({ port }) => {
      const socket = connect(port === 443 ? secure : plain, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    },
    log: silentLog,
  });
  proxyPort = await listen(createServer((socket) => proxy.serve(socket)));
  closing.push(() => proxy.close());
});
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function tunnelTo(authority: string): Promise<Socket> {
  const socket = connect(proxyPort, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /);
  return socket;
}

async function rest(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (bytes) => {
    text += String(bytes);
  });
  if (!socket.destroyed) await once(socket, 'close');
  return text;
}

async function hello(servername: string): Promise<void> {
  const socket = await tunnelTo('allowed.test:443');
  const client = connectTls({ socket, servername });
  await once(client, 'error');
  socket.destroy();
}

test('a tunnel to 443 carries TLS to its host, whatever the case of the name', async () => {
  await hello('Allowed.test');
  expect(heard).toEqual(['tls 22']);
});

test.each(['other.test', 'allowed.test.evil.test', 'evil-allowed.test'])(
  'a tunnel to 443 carries no TLS to %s',
  async (name) => {
    await hello(name);
    expect(heard).toEqual([]);
  },
);

test.each(['GET / HTTP/1.1\r\nHost: other.test\r\n\r\n', 'SSH-2.0-x\r\n', '\x16\x03\x01\x00\x02\x02\x00'])(
  'a tunnel to 443 carries nothing else: %j',
  async (first) => {
    const socket = await tunnelTo('allowed.test:443');
    socket.write(first, 'latin1');
    expect(await rest(socket)).toBe('');
    expect(heard).toEqual([]);
  },
);

test('in a tunnel to 80 each request is for its host', async () => {
  const socket = await tunnelTo('allowed.test:80');
  socket.write('GET /a HTTP/1.1\r\nHost: allowed.test\r\n\r\n');
  socket.write('GET /b HTTP/1.1\r\nHost: other.test\r\nConnection: close\r\n\r\n');
  const text = await rest(socket);
  expect(text).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*plain[\s\S]*HTTP\/1\.1 403 /);
  expect(heard).toEqual(['allowed.test/a']);
});

test('what comes with the request for a tunnel is read as what follows', async () => {
  const socket = connect(proxyPort, '127.0.0.1');
  const first = 'GET /a HTTP/1.0\r\nHost: other.test\r\n\r\n';
  socket.write(`CONNECT allowed.test:80 HTTP/1.1\r\nHost: allowed.test:80\r\n\r\n${first}`);
  expect(await rest(socket)).toMatch(/^HTTP\/1\.1 200 [\s\S]*HTTP\/1\.1 403 /);
  expect(heard).toEqual([]);
});
