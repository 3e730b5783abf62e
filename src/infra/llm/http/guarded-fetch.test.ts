import { describe, expect, test } from 'vitest';
import type { Resolve } from '../../net/address-guard.ts';
import { createGuardedLookup } from './guarded-fetch.ts';

function answering(...addresses: string[]): Resolve {
  const all = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  const resolve = (_name: string, _options: object, callback: (error: null, all: object[]) => void): void =>
    callback(null, all);
  return resolve as unknown as Resolve;
}

function dial(resolve: Resolve, options = {}): Promise<unknown> {
  return new Promise((accept, reject) => {
    createGuardedLookup(resolve)('api.example.com', options, (error, address) =>
      error ? reject(error) : accept(address),
    );
  });
}

describe('createGuardedLookup', () => {
  test('passes public answers on, one or all', async () => {
    expect(await dial(answering('8.8.8.8', '1.1.1.1'))).toBe('8.8.8.8');
    expect(await dial(answering('8.8.8.8'), { all: true })).toEqual([{ address: '8.8.8.8', family: 4 }]);
  });

  test.each([
    ['a private answer', ['10.0.0.1']],
    ['one private answer among public ones', ['8.8.8.8', '127.0.0.1']],
    ['a mapped answer', ['::ffff:169.254.169.254']],
    ['no answer', []],
  ])('refuses %s', async (_name, addresses) => {
    await expect(dial(answering(...addresses), { all: true })).rejects.toMatchObject({
      failure: { error: { code: 'refused_address' } },
    });
  });

  test('passes a failed resolution on', async () => {
    const resolve = ((_name: string, _options: object, callback: (error: Error) => void) =>
      callback(new Error('ENOTFOUND'))) as unknown as Resolve;
    await expect(dial(resolve)).rejects.toThrow('ENOTFOUND');
  });
});
