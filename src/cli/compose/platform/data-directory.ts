import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { EXIT, FatalError } from '#config/errors.ts';
import { fileProblem } from '#shared/file-problem.ts';

/** Creates it (mode 0700) with its parents. Throws `FatalError` where it cannot be. */
export function makeDataDirectory(path: string): void {
  try {
    makeWithParents(path);
  } catch (error) {
    throw new FatalError(`the data directory ${path} cannot be made: ${fileProblem(error)}`, EXIT.failure, {
      cause: error,
    });
  }
}

/** Not `recursive`: Node tries for ever where a file system answers that there is no such file. */
function makeWithParents(path: string): void {
  const known = statSync(path, { throwIfNoEntry: false });
  if (known?.isDirectory()) return;
  if (!known && dirname(path) !== path) makeWithParents(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have been faster.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}
