import { lstatSync, opendirSync } from 'node:fs';
import { MAX_DIRECTORY_ENTRIES } from './read-directory.ts';

/**
 * A name as an open directory holds it: `é` may be stored as one character or as two, and looks the same. The name
 * itself when it is there as it stands, or no single other one is meant. Synchronous, as the lookup of paths is.
 */
export function storedName(directoryFd: number, name: string): string {
  if (/^[\0-\x7f]*$/.test(name)) return name;
  const directory = `/proc/self/fd/${directoryFd}`;
  if (lstatSync(`${directory}/${name}`, { throwIfNoEntry: false })) return name;
  const wanted = name.normalize('NFC');
  const alike: string[] = [];
  const handle = opendirSync(directory);
  try {
    for (let seen = 0; seen < MAX_DIRECTORY_ENTRIES; seen += 1) {
      const entry = handle.readSync();
      if (entry === null) break;
      if (entry.name.normalize('NFC') === wanted) alike.push(entry.name);
    }
  } finally {
    handle.closeSync();
  }
  const [only, ...others] = alike;
  return only !== undefined && others.length === 0 ? only : name;
}
