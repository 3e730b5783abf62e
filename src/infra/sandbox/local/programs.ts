import { existsSync } from 'node:fs';
import { join } from 'node:path';

const PLACES = ['/usr/bin', '/usr/local/bin', '/bin', '/usr/sbin', '/sbin'];

/** Looked for in fixed places, so that an environment cannot put another program in front. */
export function findProgram(name: string): string | null {
  for (const place of PLACES) {
    const path = join(place, name);
    if (existsSync(path)) return path;
  }
  return null;
}
