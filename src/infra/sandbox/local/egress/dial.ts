import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { createSemaphore } from '#shared/async/semaphore.ts';
import { within } from '#shared/async/within.ts';
import { type AddressGuard, addressRefusalIn, pinned } from '../../../net/address-guard.ts';
import type { Target } from './target.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** Name lookups occupy the threads that file operations need. */
const MAX_LOOKUPS = 2;
const MAX_WAITING_LOOKUPS = 64;

/** The message is for the command that asked. */
export class DialError extends Error {
  readonly kind: 'refused' | 'unreachable';
  constructor(kind: 'refused' | 'unreachable', message: string) {
    super(message);
    this.name = 'DialError';
    this.kind = kind;
  }
}

export type Dial = (target: Target) => Promise<Socket>;

/**
 * Connects to what an allowlist has let pass. A name is resolved once and every answer must be public; the connection
 * is made to these answers, so that a second resolution gains nothing. Rejects with `DialError`.
 */
export function createDial(guard: AddressGuard): Dial {
  const lookups = createSemaphore({
    size: MAX_LOOKUPS,
    maxWaiting: MAX_WAITING_LOOKUPS,
    refusal: () => new DialError('unreachable', 'too many lookups at once'),
  });

  async function addressesOf(host: string): Promise<LookupAddress[]> {
    const family = isIP(host);
    if (family !== 0) return [{ address: host, family }];
    return lookups.run(() => guard.addressesOf(host).catch(fail));
  }

  return async (target) => open(target, await addressesOf(target.host));
}

function fail(error: unknown): never {
  if (addressRefusalIn(error)?.kind === 'not_public') {
    throw new DialError('refused', 'the host leads to an address that is not public');
  }
  throw new DialError('unreachable', 'the host was not found');
}

async function open({ host, port }: Target, addresses: LookupAddress[]): Promise<Socket> {
  const autoSelectFamily = addresses.length > 1;
  const socket = connect({ host, port, autoSelectFamily, lookup: pinned(addresses) });
  try {
    await within(once(socket, 'connect'), CONNECT_TIMEOUT_MS, noAnswer);
    return socket;
  } catch {
    socket.on('error', () => {});
    socket.destroy();
    return noAnswer();
  }
}

function noAnswer(): never {
  throw new DialError('unreachable', 'the host does not answer');
}
