import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { GitProtection } from './arguments.ts';

export const NO_GIT_PROTECTION: GitProtection = { git: false, readOnly: [] };

/**
 * What of `.git` can be protected. Mount sources are looked up by name, so each has to be a plain directory or
 * file that nothing can swap meanwhile: the caller asks only while no unprotected command runs in the workspace.
 */
export function findGitProtection(directory: string): GitProtection {
  const git = join(directory, '.git');
  if (!is(git, 'directory')) return NO_GIT_PROTECTION;
  const readOnly: ('hooks' | 'config')[] = [];
  if (is(join(git, 'hooks'), 'directory')) readOnly.push('hooks');
  if (is(join(git, 'config'), 'file')) readOnly.push('config');
  return { git: true, readOnly };
}

function is(path: string, type: 'directory' | 'file'): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return type === 'directory' ? stat?.isDirectory() === true : stat?.isFile() === true;
}
