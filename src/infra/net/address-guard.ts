import type { LookupAddress, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';

export type Resolve = typeof lookup;

/** Nothing is dialled. Names neither the host nor an address. */
export class AddressRefusal extends Error {
  readonly kind: 'not_public' | 'no_address';
  constructor(kind: AddressRefusal['kind']) {
    super(
      kind === 'not_public' ? 'the name leads to an address that is not public' : 'the name has no address',
    );
    this.name = 'AddressRefusal';
    this.kind = kind;
  }
}

export interface AddressGuard {
  /** For the socket's `lookup`: it runs whenever a connection is made, so rebinding a name gains nothing. */
  lookup: LookupFunction;
  /** Rejects with `AddressRefusal` or the resolver's error; `pinned` connects to just these. */
  addressesOf(host: string): Promise<LookupAddress[]>;
}

export interface AddressGuardDeps {
  resolve: Resolve;
  isPublicAddress(address: string): boolean;
}

/** One answer that is not public refuses the name. */
export function createAddressGuard({ resolve, isPublicAddress }: AddressGuardDeps): AddressGuard {
  const guarded: LookupFunction = (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) callback(error, '');
      else if (addresses.length === 0) callback(new AddressRefusal('no_address'), '');
      else if (!addresses.every(({ address }) => isPublicAddress(address))) {
        callback(new AddressRefusal('not_public'), '');
      } else pinned(addresses)(hostname, options, callback);
    });
  };
  return {
    lookup: guarded,
    addressesOf: (host) =>
      new Promise((accept, reject) => {
        guarded(host, { all: true }, (error, addresses) => {
          if (error) reject(error);
          else accept(addresses as LookupAddress[]);
        });
      }),
  };
}

/** Answers every name with these addresses. */
export function pinned(addresses: readonly LookupAddress[]): LookupFunction {
  return (_hostname, options, callback) => {
    const [first] = addresses;
    if (options.all) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}

/** The refusal among an error and its causes. */
export function addressRefusalIn(error: unknown): AddressRefusal | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof AddressRefusal) return cause;
  }
  return null;
}
