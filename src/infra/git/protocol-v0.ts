import { isObjectName, SourceControlError } from '#domain/workspace/index.ts';
import { notGit } from './failures.ts';
import {
  addShallow,
  type Capabilities,
  type Endpoint,
  type Listing,
  type Pack,
  parseCapabilities,
} from './listing.ts';
import { encodeLine, FLUSH, lineOf, type Packet, packOf } from './packets.ts';

/** The listing of a server that speaks the older protocol (gitprotocol-pack(5)); the first line is read already. */
export async function parseV0Refs(
  first: string,
  packets: AsyncGenerator<Packet, void>,
): Promise<{ listing: Listing; capabilities: Capabilities }> {
  const refs = new Map<string, string>();
  let words: string[] = [];
  const add = (line: string): void => {
    const [ref = '', capabilities] = line.split('\0');
    if (capabilities !== undefined) words = capabilities.trim().split(' ');
    const [object = '', name = ''] = ref.split(' ');
    if (!isObjectName(object)) throw notGit();
    refs.set(name, object);
  };
  if (first !== 'version 1') add(first);
  for await (const packet of packets) {
    const line = lineOf(packet);
    if (line === null) break;
    if (!line.startsWith('shallow ')) add(line);
  }
  const head = words.find((word) => word.startsWith('symref=HEAD:'));
  refs.delete('capabilities^{}');
  const listing = { refs, headTarget: head?.slice('symref=HEAD:'.length) ?? null };
  return { listing, capabilities: parseCapabilities(words) };
}

export async function fetchV0(endpoint: Endpoint, object: string): Promise<Pack> {
  const { capabilities, objectFormat } = endpoint;
  if (!capabilities.has('side-band-64k')) {
    throw new SourceControlError('failed', 'the git server is too old');
  }
  const isShallow = capabilities.has('shallow');
  const wanted = ['side-band-64k', 'ofs-delta', 'no-progress', 'shallow'].filter((name) =>
    capabilities.has(name),
  );
  if (capabilities.has('object-format')) wanted.push(`object-format=${objectFormat}`);
  const body = [
    encodeLine(`want ${object} ${wanted.join(' ')}`),
    ...(isShallow ? [encodeLine('deepen 1')] : []),
    FLUSH,
    encodeLine('done'),
  ].join('');
  const packets = await endpoint.call(body, { version: 0 });
  return { shallow: await readShallow(packets), pack: packOf(packets) };
}

/** Reads up to the answer to `done`, after which the pack comes. */
async function readShallow(packets: AsyncGenerator<Packet, void>): Promise<string[]> {
  const shallow: string[] = [];
  for (;;) {
    const { value: packet, done } = await packets.next();
    if (done) throw notGit();
    const line = lineOf(packet);
    if (line === 'NAK' || line?.startsWith('ACK ')) return shallow;
    if (line?.startsWith('shallow ')) addShallow(shallow, line);
  }
}
