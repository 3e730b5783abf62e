import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import type { Upgraded } from '#http/kit/upgrade/upgrade.ts';
import { createRawSocket } from './raw-socket.ts';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** A socket whose kernel takes all at once; `calls` are the texts of each write. */
function open(readyState = 1) {
  const calls: string[][] = [];
  const stream = new Writable({
    highWaterMark: 100,
    write(chunk: Buffer, _encoding, done) {
      calls.push([chunk.toString()]);
      done();
    },
    writev(chunks, done) {
      calls.push(chunks.map(({ chunk }) => String(chunk)));
      done();
    },
  });
  const socket = { readyState, OPEN: 1 };
  return { calls, raw: createRawSocket({ socket, stream } as unknown as Upgraded) };
}

test('messages of one moment are one write, in their order', async () => {
  const { calls, raw } = open();
  for (const text of ['a', 'b', 'c']) raw.send(Buffer.from(text));
  expect(calls).toEqual([]);
  await nextTurn();
  expect(calls).toEqual([['a', 'b', 'c']]);
  raw.send(Buffer.from('d'));
  await nextTurn();
  expect(calls).toEqual([['a', 'b', 'c'], ['d']]);
});

test('what fills the buffer is written at once', () => {
  const { calls, raw } = open();
  raw.send(Buffer.from('x'.repeat(60)));
  raw.send(Buffer.from('y'.repeat(60)));
  expect(calls).toEqual([['x'.repeat(60), 'y'.repeat(60)]]);
});

test('a socket that is closing takes nothing more', async () => {
  const { calls, raw } = open(2);
  raw.send(Buffer.from('a'));
  await nextTurn();
  expect(calls).toEqual([]);
});
