import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { DomainError } from '#domain/errors.ts';
import type { PasswordHasher } from '#domain/user/index.ts';
import { createSemaphore } from '#shared/async/semaphore.ts';

export interface PasswordHasherOptions {
  /** OWASP's scrypt figures: N = 2^15, r = 8, p = 3 (32 MiB per hash). */
  cost?: ScryptCost;
  /** How many may wait in each of the queues; more are refused with `overloaded`. */
  queueLimit?: number;
}

export interface ScryptCost {
  log2N: number;
  r: number;
  p: number;
}

const DEFAULT_COST: ScryptCost = { log2N: 15, r: 8, p: 3 };
const SALT_BYTES = 16;
const KEY_BYTES = 32;
const RETRY_AFTER_SECONDS = 2;
/** Of one network, in a queue. */
const MAX_WAITING_PER_NETWORK = 20;
const MAX_WAIT_MS = 15_000;
/** Bounds on stored parameters, so that a changed row cannot make one check cost gigabytes. */
const MAX_COST: ScryptCost = { log2N: 18, r: 16, p: 16 };

const PHC =
  /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{16,88})\$([A-Za-z0-9+/]{22,88})$/;

export function createPasswordHasher(options: PasswordHasherOptions = {}): PasswordHasher {
  const { cost = DEFAULT_COST, queueLimit = 200 } = options;
  // One at a time in each: of the four threads that Node has for such work, one is left for files.
  const queue = {
    size: 1,
    maxWaiting: queueLimit,
    maxWaitingPerKey: Math.min(queueLimit, MAX_WAITING_PER_NETWORK),
    maxWaitMs: MAX_WAIT_MS,
  };
  const places = (what: string) => createSemaphore({ ...queue, refusal: () => overloaded(what) });
  const [known, strange, fresh] = [places('logins'), places('logins'), places('new passwords')];
  const dummySalt = randomBytes(SALT_BYTES);

  async function make(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    return formatPhc(cost, salt, await scryptKey(password, salt, cost, KEY_BYTES));
  }

  async function check(password: string, hash: string | null): ReturnType<PasswordHasher['verify']> {
    const stored = hash === null ? null : parsePhc(hash);
    if (!stored) {
      await scryptKey(password, dummySalt, cost, KEY_BYTES);
      return { ok: false, renewed: null };
    }
    const key = await scryptKey(password, stored.salt, stored.cost, stored.key.length);
    const ok = timingSafeEqual(key, stored.key);
    return { ok, renewed: ok && !sameCost(stored.cost, cost) ? await make(password) : null };
  }

  return {
    hash: (password, network) => fresh.run(() => make(password), network),
    verify: (password, hash, from) =>
      (from?.isKnown ? known : strange).run(() => check(password, hash), from?.network),
  };
}

function overloaded(what: string): DomainError {
  return new DomainError('overloaded', `Too many ${what} at once, try again in a moment`, {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}

function scryptKey(password: string, salt: Uint8Array, cost: ScryptCost, length: number): Promise<Buffer> {
  const N = 2 ** cost.log2N;
  const options: ScryptOptions = {
    N,
    r: cost.r,
    p: cost.p,
    maxmem: 128 * N * cost.r + 128 * cost.r * cost.p + 65_536,
  };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, length, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

function formatPhc(cost: ScryptCost, salt: Buffer, key: Buffer): string {
  return `$scrypt$ln=${cost.log2N},r=${cost.r},p=${cost.p}$${unpadded(salt)}$${unpadded(key)}`;
}

function parsePhc(text: string): { cost: ScryptCost; salt: Buffer; key: Buffer } | null {
  const match = PHC.exec(text);
  if (!match?.[4] || !match[5]) return null;
  const cost = { log2N: Number(match[1]), r: Number(match[2]), p: Number(match[3]) };
  if (cost.log2N < 1 || cost.r < 1 || cost.p < 1) return null;
  if (cost.log2N > MAX_COST.log2N || cost.r > MAX_COST.r || cost.p > MAX_COST.p) return null;
  return { cost, salt: Buffer.from(match[4], 'base64'), key: Buffer.from(match[5], 'base64') };
}

function sameCost(a: ScryptCost, b: ScryptCost): boolean {
  return a.log2N === b.log2N && a.r === b.r && a.p === b.p;
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
