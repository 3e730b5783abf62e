import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';

/** Names that are read of one directory; what a larger one holds more is left out. */
export const MAX_DIRECTORY_ENTRIES = 10_000;
/** Entries that are fetched at once, off the event loop. */
const BATCH = 512;

/** The entries of an open directory by name. Aborts between batches. */
export async function readNames(
  directoryFd: number,
  signal: AbortSignal | undefined,
): Promise<{ entries: Dirent[]; truncated: boolean }> {
  const directory = await opendir(`/proc/self/fd/${directoryFd}`, { bufferSize: BATCH });
  const entries: Dirent[] = [];
  let truncated = false;
  try {
    for (let entry = await directory.read(); entry !== null; entry = await directory.read()) {
      if (entries.length >= MAX_DIRECTORY_ENTRIES) {
        truncated = true;
        break;
      }
      entries.push(entry);
      if (entries.length % BATCH === 0) signal?.throwIfAborted();
    }
  } finally {
    await directory.close();
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return { entries, truncated };
}
