import { type Workspace, WorkspaceError } from '#domain/workspace/index.ts';
import type { WorkspaceLocation } from '../driver.ts';
import { toWorkspaceError } from '../files/file-errors.ts';
import { type Located, locate } from '../files/locate.ts';
import { locateDirectory } from '../files/locate-directory.ts';
import { displayPath, parseWorkspacePath } from '../files/workspace-path.ts';
import { globFiles } from './glob-files.ts';
import { grepFiles } from './grep-files.ts';
import { listTree } from './list-tree.ts';
import type { SearchEngine, SearchStart } from './search-engine.ts';

export type Search = Pick<Workspace, 'tree' | 'glob' | 'grep'>;

export function createSearch(location: WorkspaceLocation, engine: SearchEngine): Search {
  return {
    async tree(path, options, signal) {
      const names = locateDirectory(location, path);
      return guarded(names, signal, () => listTree(location, names, options, signal));
    },
    async glob(pattern, options, signal) {
      const names = locateDirectory(location, options.path ?? '');
      return guarded(names, signal, () =>
        globFiles({ location, engine, start: names, pattern, limit: options.limit, signal }),
      );
    },
    async grep(pattern, options, signal) {
      const start = startOf(location, options.path ?? '');
      return guarded(start.names, signal, () =>
        grepFiles({ location, engine, start, pattern, options, signal }),
      );
    },
  };
}

function startOf(location: WorkspaceLocation, path: string): SearchStart {
  const names = parseWorkspacePath(path);
  let place: Located | null = null;
  try {
    place = locate(location, names, { followLast: true });
    const shown = displayPath(place.names);
    if (place.stat === null) throw new WorkspaceError('not_found', `${shown} does not exist.`);
    const isDirectory = place.stat.isDirectory();
    if (!isDirectory && !place.stat.isFile()) {
      throw new WorkspaceError('refused', `${shown} is not a regular file.`);
    }
    return { names: place.names, isDirectory };
  } catch (error) {
    throw toWorkspaceError(error, displayPath(names));
  } finally {
    place?.close();
  }
}

async function guarded<T>(
  names: readonly string[],
  signal: AbortSignal | undefined,
  body: () => Promise<T>,
): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw signal?.aborted ? error : toWorkspaceError(error, displayPath(names));
  }
}
