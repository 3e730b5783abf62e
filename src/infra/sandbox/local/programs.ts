import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

const PLACES = ['/usr/bin', '/usr/local/bin', '/bin', '/usr/sbin', '/sbin'];

/** Looked for in fixed places, so that an environment cannot put another program in front. */
export function findProgram(name: string): string | null {
  return PLACES.map((place) => join(place, name)).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
