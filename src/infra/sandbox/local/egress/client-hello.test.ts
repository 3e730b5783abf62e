import { once } from 'node:events';
import { createServer } from 'node:net';
import { connect } from 'node:tls';
import { expect, test } from 'vitest';
import { MAX_HELLO_BYTES, readClientHello } from './client-hello.ts';

/** What Node says first to a server. */
async function helloFor(options: { servername?: string }): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const client = connect({ host: '127.0.0.1', port, ...options }).on('error', () => {});
  const [socket] = await once(server, 'connection');
  let bytes = Buffer.alloc(0);
  while (readClientHello(bytes).kind === 'incomplete') {
    const [chunk] = await once(socket, 'data');
    bytes = Buffer.concat([bytes, chunk]);
  }
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

test('the name is read, wherever the bytes are cut, and however they are framed', async () => {
  const bytes = await helloFor({ servername: 'Allowed.test' });
  const found = { kind: 'hello', serverName: 'Allowed.test' };
  expect(readClientHello(bytes)).toEqual(found);
  for (let length = 0; length < bytes.length; length += 1) {
    expect(readClientHello(bytes.subarray(0, length))).toEqual({ kind: 'incomplete' });
  }
  const message = bytes.subarray(5);
  const records = [message.subarray(0, 7), message.subarray(7)].map((part) => {
    const header = Buffer.from([0x16, 3, 1, 0, 0]);
    header.writeUInt16BE(part.length, 3);
    return Buffer.concat([header, part]);
  });
  expect(readClientHello(Buffer.concat(records))).toEqual(found);
});

test('a hello to an address has no name', async () => {
  expect(readClientHello(await helloFor({}))).toEqual({ kind: 'hello', serverName: null });
});

test('other first bytes are none', async () => {
  const bytes = await helloFor({ servername: 'allowed.test' });
  const broken = Buffer.from(bytes);
  broken.writeUInt16BE(0xffff, 5 + 4 + 34 + 33);
  for (const text of [Buffer.from('GET / HTTP/1.1\r\n'), Buffer.from([0x15, 3, 1, 0, 2]), broken]) {
    expect(readClientHello(text).kind).toBe('not_tls');
  }
  const endless = Buffer.concat([
    Buffer.from([0x16, 3, 1, 0xff, 0xff, 1, 0xff, 0xff, 0xff]),
    Buffer.alloc(MAX_HELLO_BYTES),
  ]);
  expect(readClientHello(endless).kind).toBe('not_tls');
});
