import { WorkspaceError } from '#domain/workspace/index.ts';
import type { WorkspaceLocation } from '../driver.ts';
import { toWorkspaceError } from './file-errors.ts';
import { locate } from './locate.ts';
import { displayPath, parseWorkspacePath } from './workspace-path.ts';

/** The names that lead to an existing directory of the workspace, links resolved. Throws `WorkspaceError`. */
export function locateDirectory(location: WorkspaceLocation, path: string): readonly string[] {
  const names = parseWorkspacePath(path);
  try {
    const place = locate(location, names, { followLast: true });
    place.close();
    const shown = displayPath(place.names);
    if (place.stat === null) throw new WorkspaceError('not_found', `${shown} does not exist.`);
    if (!place.stat.isDirectory()) {
      throw new WorkspaceError('not_a_directory', `${shown} is not a directory.`);
    }
    return place.names;
  } catch (error) {
    throw toWorkspaceError(error, displayPath(names));
  }
}
