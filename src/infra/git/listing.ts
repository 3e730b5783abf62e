import { isObjectName } from '#domain/workspace/index.ts';
import { notGit } from './failures.ts';
import type { Packet } from './packets.ts';

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

/** Lines with what the other side can do, by name. */
export type Capabilities = ReadonlyMap<string, string>;

export interface Endpoint {
  /** Posts to the service; its answer as packets. */
  call(body: string, options: { version: 0 | 2; maxBytes?: number }): Promise<AsyncGenerator<Packet, void>>;
  capabilities: Capabilities;
  objectFormat: 'sha1' | 'sha256';
}

export function parseCapabilities(words: readonly string[]): Capabilities {
  return new Map(
    words.map((word): [string, string] => {
      const [name = '', ...value] = word.split('=');
      return [name, value.join('=')];
    }),
  );
}

/** Full names that a branch or tag may have, the likelier first. */
export function refCandidates(ref: string): string[] {
  return ref.startsWith('refs/') ? [ref] : [`refs/heads/${ref}`, `refs/tags/${ref}`];
}

export function addShallow(shallow: string[], line: string): void {
  const object = line.slice('shallow '.length);
  if (!isObjectName(object) || shallow.length >= MAX_SHALLOW) throw notGit();
  shallow.push(object);
}
