import type { LookupAddress } from 'node:dns';
import { describe, expect, it } from 'vitest';
import { addressRefusalIn, createAddressGuard, pinned, type Resolve } from './address-guard.ts';
import { isPublicAddress } from './public-address.ts';

function listOf(...addresses: string[]): LookupAddress[] {
  return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
}

function answering(...addresses: string[]): Resolve {
  const resolve = (_name: string, _options: object, callback: (error: null, all: object[]) => void): void =>
    callback(null, listOf(...addresses));
  return resolve as unknown as Resolve;
}

const failing = ((_name: string, _options: object, callback: (error: Error) => void) =>
  callback(Object.assign(new Error('not there'), { code: 'ENOTFOUND' }))) as unknown as Resolve;

function lookUp(resolve: Resolve, options = {}): Promise<unknown> {
  const { lookup } = createAddressGuard({ resolve, isPublicAddress });
  return new Promise((accept, reject) => {
    lookup('api.example.com', options, (error, address) => (error ? reject(error) : accept(address)));
  });
}

describe('the address guard', () => {
  it('passes public answers on, one or all', async () => {
    expect(await lookUp(answering('8.8.8.8', '1.1.1.1'))).toBe('8.8.8.8');
    expect(await lookUp(answering('8.8.8.8'), { all: true })).toEqual(listOf('8.8.8.8'));
    const guard = createAddressGuard({ resolve: answering('8.8.8.8', '2606:4700::1'), isPublicAddress });
    expect(await guard.addressesOf('api.example.com')).toEqual(listOf('8.8.8.8', '2606:4700::1'));
  });

  it.each([
    ['a private answer', ['10.0.0.1']],
    ['one private answer among public ones', ['8.8.8.8', '127.0.0.1']],
    ['a private answer of the other family', ['8.8.8.8', '::1']],
    ['a mapped answer', ['::ffff:169.254.169.254']],
  ])('refuses %s', async (_title, addresses) => {
    await expect(lookUp(answering(...addresses))).rejects.toMatchObject({ kind: 'not_public' });
    await expect(lookUp(answering(...addresses), { all: true })).rejects.toMatchObject({
      kind: 'not_public',
    });
    const guard = createAddressGuard({ resolve: answering(...addresses), isPublicAddress });
    await expect(guard.addressesOf('name.test')).rejects.toMatchObject({ kind: 'not_public' });
  });

  it('refuses a name without an answer', async () => {
    await expect(lookUp(answering())).rejects.toMatchObject({ kind: 'no_address' });
  });

  it('passes a failed resolution on', async () => {
    await expect(lookUp(failing)).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  it('is found among the causes of a failed request', async () => {
    const refusal = await lookUp(answering('10.0.0.1')).catch((error: unknown) => error);
    const failed = new TypeError('fetch failed', { cause: new Error('connect', { cause: refusal }) });
    expect(addressRefusalIn(failed)).toBe(refusal);
    expect(addressRefusalIn(new Error('other'))).toBeNull();
  });

  it('pins a connection to the addresses that were checked', () => {
    const seen: unknown[] = [];
    const lookup = pinned(listOf('8.8.8.8', '1.1.1.1'));
    lookup('any.test', { all: true }, (_error, addresses) => seen.push(addresses));
    lookup('any.test', {}, (_error, address, family) => seen.push([address, family]));
    expect(seen).toEqual([listOf('8.8.8.8', '1.1.1.1'), ['8.8.8.8', 4]]);
  });
});
