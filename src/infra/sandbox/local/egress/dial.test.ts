import type { lookup } from 'node:dns';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { createAddressGuard } from '../../../net/address-guard.ts';
import { createDial } from './dial.ts';

interface Answers {
  resolve: typeof lookup;
  asked: string[];
}

/** Answers each question with the next list, the last one for ever. */
function answering(...lists: string[][]): Answers {
  const asked: string[] = [];
  const resolve = (name: string, _options: object, callback: (error: null, all: object[]) => void): void => {
    const list = lists[Math.min(asked.length, lists.length - 1)] ?? [];
    asked.push(name);
    callback(
      null,
      list.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  return { resolve: resolve as unknown as typeof lookup, asked };
}

const isPublicAddress = (address: string): boolean => address !== '10.0.0.1' && address !== '::1';
const dialWith = (resolve: typeof lookup) => createDial(createAddressGuard({ resolve, isPublicAddress }));

test.each([
  ['a private answer', ['10.0.0.1']],
  ['one private answer among public ones', ['127.0.0.1', '10.0.0.1']],
  ['a private IPv6 answer among public ones', ['127.0.0.1', '::1']],
])('%s refuses the name', async (_title, list) => {
  const dial = dialWith(answering(list).resolve);
  await expect(dial({ host: 'name.test', port: 1 })).rejects.toMatchObject({ kind: 'refused' });
});

test('a name without an answer is not found', async () => {
  const dial = dialWith(answering([]).resolve);
  await expect(dial({ host: 'name.test', port: 1 })).rejects.toMatchObject({ kind: 'unreachable' });
});

test('the connection goes to the answers that were checked', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const answers = answering(['127.0.0.1'], ['10.0.0.1']);
  const socket = await dialWith(answers.resolve)({ host: 'name.test', port });
  expect(socket.remoteAddress).toBe('127.0.0.1');
  expect(answers.asked).toEqual(['name.test']);
  socket.destroy();
  server.close();
});

test('no more than two names are resolved at once, and all in the end', async () => {
  const open: ((error: null, all: object[]) => void)[] = [];
  const resolve = ((_name: string, _options: object, callback: (error: null, all: object[]) => void) =>
    open.push(callback)) as unknown as typeof lookup;
  const dial = dialWith(resolve);
  const dials = Array.from({ length: 5 }, () => dial({ host: 'name.test', port: 1 }).catch(() => 'refused'));
  await Promise.resolve();
  expect(open).toHaveLength(2);
  for (let answered = 0; answered < 5; answered += 1) {
    open[answered]?.(null, [{ address: '10.0.0.1', family: 4 }]);
    await new Promise((settle) => setImmediate(settle));
  }
  expect(await Promise.all(dials)).toEqual(Array(5).fill('refused'));
});
