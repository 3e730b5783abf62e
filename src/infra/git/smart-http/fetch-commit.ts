import { isObjectName, isRefName, SourceControlError } from '#domain/workspace/index.ts';
import { notGit } from '../failures.ts';
import type { GuardedHttp } from './guarded-http.ts';
import { lineOf, type Packet, readPackets } from './packets.ts';
import {
  type Endpoint,
  fetchPack,
  type Listing,
  listRefs,
  type Pack,
  readCapabilities,
  refCandidates,
} from './protocol.ts';

const SERVICE = 'git-upload-pack';
const DISCOVERY = `/info/refs?service=${SERVICE}`;
/** Of what the server says of itself. */
const MAX_GREETING_BYTES = 1024 * 1024;
/** How a listing of refs begins, which servers send that do not know version 2. */
const OLD_GREETING = /^(?:version 1$|[0-9a-f]{40,64} )/;

export interface RemoteRef {
  /** Full name; empty when there is only an object. */
  name: string;
  object: string;
}

export interface RemoteCommit extends Pack {
  ref: RemoteRef;
  objectFormat: 'sha1' | 'sha256';
}

/** Asks a repository for one commit without its history. Nothing is trusted in the answers. Throws `SourceControlError`. */
export async function fetchCommit(
  http: GuardedHttp,
  request: { url: URL; ref: string | null },
  signal: AbortSignal,
): Promise<RemoteCommit> {
  const { packets, base } = await discover(http, request.url, signal);
  const first = lineOf(await firstPacket(packets));
  if (first !== 'version 2') throw first !== null && OLD_GREETING.test(first) ? tooOld() : notGit();
  const endpoint: Endpoint = {
    ...(await readCapabilities(packets)),
    call: (body, maxBytes) => callService(http, base, { body, maxBytes, signal }),
  };
  const listing = isObject(request.ref) ? NO_REFS : await listRefs(endpoint, request.ref);
  const ref = choose(listing, request.ref);
  return { ref, objectFormat: endpoint.objectFormat, ...(await fetchPack(endpoint, ref.object)) };
}

async function discover(http: GuardedHttp, url: URL, signal: AbortSignal) {
  const asked = new URL(url.href.replace(/\/+$/, '') + DISCOVERY);
  const answer = await http.get(asked, { accept: '*/*', 'git-protocol': 'version=2' }, signal);
  // Only a moved repository is followed, not a redirect into another service.
  if (!answer.url.href.endsWith(DISCOVERY)) throw notGit();
  const packets = readPackets(atMost(answer.body, MAX_GREETING_BYTES));
  return { packets, base: answer.url.href.slice(0, -DISCOVERY.length) };
}

async function callService(
  http: GuardedHttp,
  base: string,
  call: { body: string; maxBytes: number | undefined; signal: AbortSignal },
): Promise<AsyncGenerator<Packet, void>> {
  const headers = {
    accept: `application/x-${SERVICE}-result`,
    'content-type': `application/x-${SERVICE}-request`,
    'git-protocol': 'version=2',
  };
  const { body } = await http.post(new URL(`${base}/${SERVICE}`), headers, call.body, call.signal);
  return readPackets(call.maxBytes === undefined ? body : atMost(body, call.maxBytes));
}

function tooOld(): SourceControlError {
  return new SourceControlError('failed', 'the git server does not speak version 2 of the git protocol');
}

/** Some servers announce the service first. */
async function firstPacket(packets: AsyncGenerator<Packet, void>): Promise<Packet | undefined> {
  const first = (await packets.next()).value ?? undefined;
  if (!lineOf(first)?.startsWith('# service=')) return first;
  const second = (await packets.next()).value ?? undefined;
  return second === 'flush' ? ((await packets.next()).value ?? undefined) : second;
}

const NO_REFS: Listing = { refs: new Map(), headTarget: null };

function isObject(ref: string | null): boolean {
  return ref !== null && isObjectName(ref);
}

function choose(listing: Listing, wanted: string | null): RemoteRef {
  if (wanted !== null && isObjectName(wanted)) return { name: '', object: wanted };
  if (wanted === null || wanted === 'HEAD') {
    const object = listing.refs.get('HEAD');
    if (object === undefined) throw new SourceControlError('not_found', 'the repository has no commit');
    const target = listing.headTarget ?? '';
    return { name: target.startsWith('refs/heads/') && isRefName(target) ? target : '', object };
  }
  for (const name of refCandidates(wanted)) {
    const object = listing.refs.get(name);
    if (object !== undefined) return { name, object };
  }
  throw new SourceControlError('not_found', 'the repository has no branch or tag of this name');
}

async function* atMost(body: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array, void> {
  let total = 0;
  for await (const chunk of body) {
    total += chunk.length;
    if (total > maxBytes) throw new SourceControlError('too_large', 'the repository has too many refs');
    yield chunk;
  }
}
