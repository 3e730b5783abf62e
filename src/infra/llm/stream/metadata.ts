export type Metadata = Record<string, unknown>;

/** Signature, item id and encrypted content of one block may come in separate parts. */
export function mergeMetadata(before: Metadata | undefined, next: Metadata): Metadata {
  const merged: Metadata = { ...before };
  for (const [provider, value] of Object.entries(next)) {
    const known = merged[provider];
    merged[provider] = isObject(known) && isObject(value) ? { ...known, ...value } : value;
  }
  return merged;
}

export function signatureOf(metadata: Metadata | undefined): string | undefined {
  for (const value of Object.values(metadata ?? {})) {
    if (isObject(value) && typeof value.signature === 'string') return value.signature;
  }
  return undefined;
}

/** More are left out: all of them go back with every request. */
const MAX_DETAILS = 1000;
/** What is streamed in pieces; the rest of a detail is given once. */
const GROWING = ['text', 'summary', 'data'];

/** Pieces of one detail become one, as the router wants them back. */
export function mergeDetails(before: readonly Metadata[], next: readonly unknown[]): Metadata[] {
  const merged = [...before];
  for (const piece of next.filter(isObject)) {
    const last = merged.at(-1);
    if (last && isSameDetail(last, piece)) merged[merged.length - 1] = joined(last, piece);
    else if (merged.length < MAX_DETAILS) merged.push(piece);
  }
  return merged;
}

function isSameDetail(last: Metadata, piece: Metadata): boolean {
  const isSamePlace = last.type === piece.type && last.index === piece.index;
  return isSamePlace && (piece.id == null || last.id == null || piece.id === last.id);
}

function joined(last: Metadata, piece: Metadata): Metadata {
  const result = { ...last };
  for (const [key, value] of Object.entries(piece)) {
    const known = last[key];
    if (GROWING.includes(key) && typeof known === 'string' && typeof value === 'string')
      result[key] = known + value;
    else if (value !== null && value !== undefined) result[key] = value;
  }
  return result;
}

function isObject(value: unknown): value is Metadata {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
