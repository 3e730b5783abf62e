import type { LookupFunction } from 'node:net';
import { Agent, fetch } from 'undici';
import { SourceControlError } from '#domain/workspace/index.ts';
import { type AddressGuard, addressRefusalIn } from '../../net/address-guard.ts';
import { hasPrivateAddress } from '../../net/public-address.ts';
import { notGit } from '../failures.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** Between two pieces of an answer; a server may think for long before a pack. */
const SILENCE_MS = 60_000;
const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** What a private repository answers to a stranger. */
const HIDDEN: ReadonlySet<number> = new Set([401, 403, 404, 410]);

export interface GuardedHttpDeps {
  /** Of names; each time a connection is made. */
  guard: AddressGuard;
  /** Exact origins that may be private and may be plain http, by the operator. */
  allowPrivate: readonly string[];
  userAgent: string;
}

export interface GitAnswer {
  /** Where the answer came from, after redirects. */
  url: URL;
  body: AsyncIterable<Uint8Array>;
}

export interface GuardedHttp {
  /** Follows redirects; each is checked like the first address. */
  get(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<GitAnswer>;
  post(url: URL, headers: Record<string, string>, body: string, signal: AbortSignal): Promise<GitAnswer>;
  close(): Promise<void>;
}

/** HTTP for git: https to public addresses, plus what the operator allows. Throws `SourceControlError`. */
export function createGuardedHttp(deps: GuardedHttpDeps): GuardedHttp {
  const allowed = new Set(deps.allowPrivate);
  const open = createAgent();
  const guarded = createAgent(deps.guard.lookup);

  function agentFor(url: URL): Agent {
    if (allowed.has(url.origin)) return open;
    if (url.protocol !== 'https:') throw refused('only https URLs can be cloned');
    if (hasPrivateAddress(url)) throw refusedAddress();
    return guarded;
  }

  async function send(
    url: URL,
    init: { method: string; headers: Record<string, string>; body?: string; signal: AbortSignal },
  ) {
    if (url.username !== '' || url.password !== '') throw refused('the URL must not contain credentials');
    const dispatcher = agentFor(url);
    const headers = { 'user-agent': deps.userAgent, ...init.headers };
    try {
      return await fetch(url.href, { ...init, headers, dispatcher, redirect: 'manual' });
    } catch (error) {
      throw init.signal.aborted ? error : toFailure(error);
    }
  }

  return {
    async get(first, headers, signal) {
      let url = first;
      for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
        const response = await send(url, { method: 'GET', headers, signal });
        if (!REDIRECTS.has(response.status)) return answerOf(url, response, signal);
        await response.body?.cancel();
        const location = response.headers.get('location') ?? '';
        if (!URL.canParse(location, url.href)) throw notGit();
        url = new URL(location, url);
      }
      throw refused('the URL redirects too often');
    },
    async post(url, headers, body, signal) {
      return answerOf(url, await send(url, { method: 'POST', headers, body, signal }), signal);
    },
    async close() {
      await Promise.all([open.destroy(), guarded.destroy()]);
    },
  };
}

function createAgent(lookup?: LookupFunction): Agent {
  return new Agent({
    headersTimeout: SILENCE_MS,
    bodyTimeout: SILENCE_MS,
    connect: { timeout: CONNECT_TIMEOUT_MS, ...(lookup && { lookup }) },
  });
}

async function answerOf(
  url: URL,
  response: Awaited<ReturnType<typeof fetch>>,
  signal: AbortSignal,
): Promise<GitAnswer> {
  if (response.status === 200 && response.body !== null)
    return { url, body: guardBody(response.body, signal) };
  await response.body?.cancel();
  if (HIDDEN.has(response.status)) {
    throw new SourceControlError('not_found', 'there is no such repository, or it is not public');
  }
  if (REDIRECTS.has(response.status)) throw refused('the git server redirects where it must not');
  throw new SourceControlError('unreachable', `the git server answers with status ${response.status}`);
}

async function* guardBody(
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* body;
  } catch (error) {
    throw signal.aborted ? error : toFailure(error);
  }
}

/** Names and addresses of a failed connection stay with us. */
function toFailure(error: unknown): SourceControlError {
  if (addressRefusalIn(error)) return refusedAddress();
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && cause.code === 'ENOTFOUND') {
      return new SourceControlError('unreachable', 'the host of the URL was not found', { cause: error });
    }
  }
  return new SourceControlError('unreachable', 'the git server does not answer', { cause: error });
}

function refused(what: string): SourceControlError {
  return new SourceControlError('refused', what);
}

function refusedAddress(): SourceControlError {
  return refused('it leads to an address that is not public');
}
