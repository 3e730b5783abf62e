const BITS = 5;
const WIDTH = 1 << BITS;
const MASK = WIDTH - 1;

/**
 * Values by id, in the order in which the ids came. A change gives a new collection that shares with the old one
 * all but a few short arrays, whatever the size; the old one stays as it was.
 */
export interface Collection<V> {
  readonly size: number;
  get(id: string): V | undefined;
  has(id: string): boolean;
  /** By position, counted from the end when negative. */
  at(position: number): V | undefined;
  set(id: string, value: V): Collection<V>;
  values(): IterableIterator<V>;
}

interface Entry<V> {
  id: string;
  value: V;
}
/** A tree of arrays of at most 32; a position's bits are the way to its entry. */
type Tree<V> = { entries: readonly Entry<V>[] } | { children: readonly Tree<V>[] };

interface Version<V> {
  root: Tree<V>;
  /** Levels of children above the entries. */
  depth: number;
  size: number;
  /** Shared by versions: what it says of an id counts only where the entry there is that id's. */
  index: Map<string, number>;
}

export function emptyCollection<V>(): Collection<V> {
  return toCollection<V>({ root: { entries: [] }, depth: 0, size: 0, index: new Map() });
}

export function collectionOf<V>(values: Iterable<V>, idOf: (value: V) => string): Collection<V> {
  let collection = emptyCollection<V>();
  for (const value of values) collection = collection.set(idOf(value), value);
  return collection;
}

function toCollection<V>(version: Version<V>): Collection<V> {
  const { root, depth, size, index } = version;
  const entryOf = (id: string) => {
    const position = index.get(id);
    if (position === undefined || position >= size) return undefined;
    const entry = entryAt(root, depth, position);
    return entry?.id === id ? entry : undefined;
  };
  return {
    size,
    get: (id) => entryOf(id)?.value,
    has: (id) => entryOf(id) !== undefined,
    at(position) {
      const wanted = position < 0 ? size + position : position;
      return wanted >= 0 && wanted < size ? entryAt(root, depth, wanted)?.value : undefined;
    },
    set(id, value) {
      const entry = { id, value };
      const position = entryOf(id) && index.get(id);
      if (position !== undefined) {
        return toCollection({ ...version, root: withEntry(root, depth, position, entry) });
      }
      return toCollection(append(version, entry));
    },
    *values() {
      for (const entry of entriesOf(root)) yield entry.value;
    },
  };
}

function append<V>(version: Version<V>, entry: Entry<V>): Version<V> {
  const { size } = version;
  // Another version has put this id elsewhere: from here on the ways part.
  const index = version.index.has(entry.id) ? indexOf(version.root) : version.index;
  index.set(entry.id, size);
  const isFull = size === WIDTH ** (version.depth + 1);
  const depth = isFull ? version.depth + 1 : version.depth;
  const root = isFull ? { children: [version.root] } : version.root;
  return { root: withEntry(root, depth, size, entry), depth, size: size + 1, index };
}

function entryAt<V>(tree: Tree<V>, depth: number, position: number): Entry<V> | undefined {
  let node: Tree<V> | undefined = tree;
  for (let level = depth; node && 'children' in node; level--) {
    node = node.children[(position >> (BITS * level)) & MASK];
  }
  return node && 'entries' in node ? node.entries[position & MASK] : undefined;
}

function withEntry<V>(tree: Tree<V> | undefined, level: number, position: number, entry: Entry<V>): Tree<V> {
  if (level === 0) {
    const entries = tree && 'entries' in tree ? [...tree.entries] : [];
    entries[position & MASK] = entry;
    return { entries };
  }
  const children = tree && 'children' in tree ? [...tree.children] : [];
  const at = (position >> (BITS * level)) & MASK;
  children[at] = withEntry(children[at], level - 1, position, entry);
  return { children };
}

function* entriesOf<V>(tree: Tree<V>): IterableIterator<Entry<V>> {
  if ('entries' in tree) yield* tree.entries;
  else for (const child of tree.children) yield* entriesOf(child);
}

function indexOf<V>(root: Tree<V>): Map<string, number> {
  return new Map([...entriesOf(root)].map(({ id }, position) => [id, position]));
}
