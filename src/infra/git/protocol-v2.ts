import { isObjectName } from '#domain/workspace/index.ts';
import { notGit } from './failures.ts';
import { addShallow, type Endpoint, type Listing, type Pack, refCandidates } from './listing.ts';
import { DELIMITER, encodeLine, FLUSH, lineOf, type Packet, packOf } from './packets.ts';

const MAX_LISTING_BYTES = 4 * 1024 * 1024;

/** The refs that can be meant (gitprotocol-v2(5)). */
export async function listRefsV2(endpoint: Endpoint, wanted: string | null): Promise<Listing> {
  const names = wanted === null || wanted === 'HEAD' ? ['HEAD'] : refCandidates(wanted);
  const body = [
    ...command(endpoint, 'ls-refs'),
    encodeLine('symrefs'),
    ...names.map((name) => encodeLine(`ref-prefix ${name}`)),
    FLUSH,
  ].join('');
  const refs = new Map<string, string>();
  let headTarget: string | null = null;
  for await (const packet of await endpoint.call(body, { version: 2, maxBytes: MAX_LISTING_BYTES })) {
    const line = lineOf(packet);
    if (line === null) break;
    const [object = '', name = '', ...attributes] = line.split(' ');
    if (isObjectName(object)) refs.set(name, object);
    if (name !== 'HEAD') continue;
    headTarget = attributes.find((text) => text.startsWith('symref-target:'))?.slice(14) ?? null;
  }
  return { refs, headTarget };
}

export async function fetchV2(endpoint: Endpoint, object: string): Promise<Pack> {
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
  const packets = await endpoint.call(body, { version: 2 });
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
    if (line?.startsWith('shallow ')) addShallow(shallow, line);
  }
}
