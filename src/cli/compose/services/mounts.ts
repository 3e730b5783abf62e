import { realpathSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { configError } from '#config/errors.ts';
import { fileProblem } from '#shared/file-problem.ts';

/** Whole trees of the system: with them come other people's files, devices or what the server is configured with. */
const SYSTEM = ['/', '/boot', '/dev', '/etc', '/home', '/proc', '/root', '/run', '/sys', '/tmp', '/var'];

export interface Mounts {
  paths: readonly string[];
  /** The server's own data, which no command may see. */
  dataDir: string;
}

/** The directories that every command sees, as they were given. Throws `FatalError` for those that it must not. */
export function checkedMounts({ paths, dataDir }: Mounts): readonly string[] {
  for (const path of paths) {
    const real = directoryAt(path);
    if (SYSTEM.includes(real)) {
      throw configError(`sandbox.mounts: ${path} is a directory of the system; name the toolchain's own`);
    }
    const data = realOf(dataDir);
    if (isWithin(data, real) || isWithin(real, data)) {
      throw configError(`sandbox.mounts: ${path} would show the server's data directory ${dataDir}`);
    }
  }
  return paths;
}

function directoryAt(path: string): string {
  if (!isAbsolute(path)) throw configError(`sandbox.mounts: ${path} is not an absolute path`);
  try {
    const real = realpathSync(path);
    if (statSync(real).isDirectory()) return real;
  } catch (error) {
    throw configError(`sandbox.mounts: ${path} cannot be shown: ${fileProblem(error)}`);
  }
  throw configError(`sandbox.mounts: ${path} is not a directory`);
}

/** One that is not there yet is no link. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}
