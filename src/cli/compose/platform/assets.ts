import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** PGlite's files beside the executable; undefined when running from sources, where its package has them. */
export function pgliteAssets(): string | undefined {
  const [, executable] = process.argv;
  if (!executable) return undefined;
  const folder = dirname(realpathSync(executable));
  return existsSync(join(folder, 'pglite.wasm')) ? folder : undefined;
}
