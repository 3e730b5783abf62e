import { renameSync, writeFileSync } from 'node:fs';
import { newId } from '#shared/ids.ts';

/** Writes one of the server's own files in one step, because other servers may read it meanwhile. */
export function replaceFile(path: string, content: string | Buffer): void {
  const fresh = `${path}.${newId()}`;
  writeFileSync(fresh, content, { mode: 0o644 });
  renameSync(fresh, path);
}
