import type { TreeEntry, Workspace } from '#domain/workspace/index.ts';
import type { WorkspaceLocation } from '../driver.ts';
import { displayPath } from '../files/workspace-path.ts';
import { walk } from './walk.ts';

/** Names of what is left out that are told. */
const MAX_TOLD = 20;
/** The repository's own directory is no news to anybody. */
const UNTOLD = /(?:^|\/)\.git$/;

export async function listTree(
  location: WorkspaceLocation,
  start: readonly string[],
  options: Parameters<Workspace['tree']>[1],
  signal: AbortSignal | undefined,
): ReturnType<Workspace['tree']> {
  const entries: TreeEntry[] = [];
  const leftOut = { count: 0, paths: [] as string[] };
  let truncated = false;
  const walked = walk({
    root: location,
    start,
    depth: options.depth,
    ignore: options.ignore ?? [],
    signal,
    onTruncated: () => {
      truncated = true;
    },
    onLeftOut(path, isDirectory) {
      if (UNTOLD.test(path)) return;
      leftOut.count += 1;
      if (leftOut.paths.length < MAX_TOLD) leftOut.paths.push(displayPath([path]) + (isDirectory ? '/' : ''));
    },
  });
  for await (const { path, ...entry } of walked) {
    if (entries.length >= options.limit) {
      truncated = true;
      break;
    }
    entries.push({ path: displayPath([path]), ...entry });
  }
  return { entries, truncated, leftOut };
}
