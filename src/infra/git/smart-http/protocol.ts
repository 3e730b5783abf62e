import { isObjectName } from '#domain/workspace/index.ts';
import { notGit } from '../failures.ts';
import { DELIMITER, encodeLine, FLUSH, lineOf, type Packet, packOf } from './packets.ts';

const MAX_LISTING_BYTES = 4 * 1024 * 1024;
/** One commit is asked for, so an honest server names one. */
const MAX_SHALLOW = 100;

export interface Listing {
  refs: ReadonlyMap<string, string>;
  /** Where HEAD points. */
  headTarget: string | null;
}

export interface Pack {
  /** Commits whose parents are left out. */
  shallow: string[];
  pack: AsyncGenerator<Uint8Array, void>;
}

/** A server that speaks version 2 of git's protocol (gitprotocol-v2(5)). */
export interface Endpoint {
  /** Posts to the service; its answer as packets. */
  call(body: string, maxBytes?: number): Promise<AsyncGenerator<Packet, void>>;
  /** What the other side can do, by name. */
  capabilities: ReadonlyMap<string, string>;
  objectFormat: 'sha1' | 'sha256';
}

/** Reads the lines that follow `version 2`. */
export async function readCapabilities(
  packets: AsyncGenerator<Packet, void>,
): Promise<Omit<Endpoint, 'call'>> {
  const capabilities = new Map<string, string>();
  for await (const packet of packets) {
    const line = lineOf(packet);
    if (line === null) break;
    const [name = '', ...value] = line.split('=');
    capabilities.set(name, value.join('='));
  }
  return { capabilities, objectFormat: capabilities.get('object-format') === 'sha256' ? 'sha256' : 'sha1' };
}

/** Full names that a branch or tag may have, the likelier first. */
export function refCandidates(ref: string): string[] {
  return ref.startsWith('refs/') ? [ref] : [`refs/heads/${ref}`, `refs/tags/${ref}`];
}

/** The refs that can be meant. */
export async function listRefs(endpoint: Endpoint, wanted: string | null): Promise<Listing> {
  const names = wanted === null || wanted === 'HEAD' ? ['HEAD'] : refCandidates(wanted);
  const body = [
    ...command(endpoint, 'ls-refs'),
    encodeLine('symrefs'),
    ...names.map((name) => encodeLine(`ref-prefix ${name}`)),
    FLUSH,
  ].join('');
  const refs = new Map<string, string>();
  let headTarget: string | null = null;
  for await (const packet of await endpoint.call(body, MAX_LISTING_BYTES)) {
    const line = lineOf(packet);
    if (line === null) break;
    const [object = '', name = '', ...attributes] = line.split(' ');
    if (isObjectName(object)) refs.set(name, object);
    if (name !== 'HEAD') continue;
    headTarget = attributes.find((text) => text.startsWith('symref-target:'))?.slice(14) ?? null;
  }
  return { refs, headTarget };
}

/** One commit without its history, where the server can leave it out. */
export async function fetchPack(endpoint: Endpoint, object: string): Promise<Pack> {
  const canBeShallow = endpoint.capabilities.get('fetch')?.split(' ').includes('shallow') ?? false;
  const body = [
    ...command(endpoint, 'fetch'),
    encodeLine('no-progress'),
    encodeLine('ofs-delta'),
    ...(canBeShallow ? [encodeLine('deepen 1')] : []),
    encodeLine(`want ${object}`),
    encodeLine('done'),
    FLUSH,
  ].join('');
  const packets = await endpoint.call(body);
  return { shallow: await readShallow(packets), pack: packOf(packets) };
}

function command(endpoint: Endpoint, name: string): string[] {
  const format = endpoint.capabilities.has('object-format')
    ? [encodeLine(`object-format=${endpoint.objectFormat}`)]
    : [];
  return [encodeLine(`command=${name}`), ...format, DELIMITER];
}

/** Reads up to the beginning of the pack. */
async function readShallow(packets: AsyncGenerator<Packet, void>): Promise<string[]> {
  const shallow: string[] = [];
  for (;;) {
    const { value: packet, done } = await packets.next();
    if (done || packet === 'flush' || packet === 'end') throw notGit();
    const line = lineOf(packet);
    if (line === 'packfile') return shallow;
    if (!line?.startsWith('shallow ')) continue;
    const object = line.slice('shallow '.length);
    if (!isObjectName(object) || shallow.length >= MAX_SHALLOW) throw notGit();
    shallow.push(object);
  }
}
