import type { LookupFunction } from 'node:net';
import { Agent, type Dispatcher, fetch } from 'undici';
import { AddressRefusal, createAddressGuard, type Resolve } from '../../net/address-guard.ts';
import { isPublicAddress, refusalOf } from '../../net/public-address.ts';
import { ModelFailure } from '../failure/failure.ts';

const KEEP_ALIVE_MS = 30_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** HTTP/1.1 sockets per origin; one stream holds one socket. */
const MAX_SOCKETS_PER_ORIGIN = 256;

export type FetchInit = Omit<NonNullable<Parameters<typeof fetch>[1]>, 'dispatcher' | 'redirect'>;
export type FetchResponse = Awaited<ReturnType<typeof fetch>>;
export type Fetch = (url: string, init: FetchInit) => Promise<FetchResponse>;

export interface ProviderHttp {
  /** For base URLs of the operator and of the provider packages: any address. */
  open: Fetch;
  /** For base URLs of tenants: https to public addresses only. */
  guarded: Fetch;
  close(): Promise<void>;
}

/** Neither fetch follows redirects, because a redirect would carry the key to another origin. */
export function createProviderHttp(deps: { resolve: Resolve }): ProviderHttp {
  const openAgent = createAgent();
  const guardedAgent = createAgent(createGuardedLookup(deps.resolve));
  let closed: Promise<void> | null = null;
  return {
    open: (url, init) => send(url, init, openAgent),
    async guarded(url, init) {
      const refusal = refusalOf(new URL(url));
      if (refusal) throw new ModelFailure('refused_address', refusal);
      return await send(url, init, guardedAgent);
    },
    close() {
      closed ??= Promise.all([openAgent.destroy(), guardedAgent.destroy()]).then(() => {});
      return closed;
    },
  };
}

function createAgent(lookup?: LookupFunction): Agent {
  return new Agent({
    keepAliveTimeout: KEEP_ALIVE_MS,
    connections: MAX_SOCKETS_PER_ORIGIN,
    // The stall guard above this layer watches the bytes.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: lookup ? { timeout: CONNECT_TIMEOUT_MS, lookup } : { timeout: CONNECT_TIMEOUT_MS },
  });
}

async function send(url: string, init: FetchInit, dispatcher: Dispatcher): Promise<FetchResponse> {
  const response = await fetch(url, { ...init, dispatcher, redirect: 'manual' });
  if (response.status < 300 || response.status >= 400) return response;
  await response.body?.cancel();
  throw new ModelFailure('refused_address', 'The provider redirects elsewhere; redirects are not followed.');
}

/** The guard of addresses with a failure that a session can show. */
export function createGuardedLookup(resolve: Resolve): LookupFunction {
  const guard = createAddressGuard({ resolve, isPublicAddress });
  return (hostname, options, callback) =>
    guard.lookup(hostname, options, (error, ...answer) =>
      callback(error instanceof AddressRefusal ? refusedAddress() : error, ...answer),
    );
}

function refusedAddress(): ModelFailure {
  return new ModelFailure('refused_address', 'The base URL points to an address that is not public.');
}
