import { constants, lchownSync, mkdirSync, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, rename, unlink } from 'node:fs/promises';
import { type FileContent, type FileStat, WorkspaceError } from '#domain/workspace/index.ts';
import { newId } from '#shared/ids.ts';
import type { WorkspaceLocation } from '../driver.ts';
import { errorCode, toWorkspaceError } from './file-errors.ts';
import { entryPath, type Located, type LocateOptions, locate, resolveLinks } from './locate.ts';
import { readNames } from './read-directory.ts';
import { removeTree } from './remove-tree.ts';
import { displayPath, parseWorkspacePath } from './workspace-path.ts';

const MEBIBYTE = 1024 * 1024;
/** What `read` gives at most without a limit, and what a limit can ask for at most. */
const MAX_READ_BYTES = 10 * MEBIBYTE;
const MAX_LIMIT_BYTES = 64 * MEBIBYTE;
const MAX_WRITE_BYTES = 64 * MEBIBYTE;
const READ_CHUNK_BYTES = MEBIBYTE;

const OPEN_FOR_READING =
  constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
const CREATE_EXCLUSIVE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const NEW_FILE_MODE = 0o644;
const NEW_DIRECTORY_MODE = 0o755;
const PERMISSION_BITS = 0o777;

export interface FileStore {
  stat(path: string): Promise<FileStat | null>;
  resolve(path: string): Promise<string>;
  read(
    path: string,
    options: { offset?: number; limit?: number },
    signal?: AbortSignal,
  ): Promise<FileContent>;
  write(path: string, bytes: Uint8Array, signal?: AbortSignal): Promise<FileStat>;
  list(
    path: string,
    limit: number,
    signal?: AbortSignal,
  ): Promise<{ entries: FileStat[]; truncated: boolean }>;
  remove(path: string, signal?: AbortSignal): Promise<void>;
}

/**
 * Files of one workspace, always by descriptors and never by a name that is looked up twice, so that nothing a
 * command does meanwhile can lead outside. Throws `WorkspaceError` only.
 */
export function createFileStore(location: WorkspaceLocation, serverUid: number): FileStore {
  /** Runs `body` on a place and closes it; system errors become errors of the workspace. */
  async function at<T>(
    path: string,
    options: LocateOptions,
    body: (place: Located, shown: string) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const names = parseWorkspacePath(path);
    let shown = displayPath(names);
    let place: Located | null = null;
    try {
      place = locate(location, names, options);
      shown = displayPath(place.names);
      return await body(place, shown);
    } catch (error) {
      throw signal?.aborted ? error : toWorkspaceError(error, shown);
    } finally {
      place?.close();
    }
  }

  /** Commands run as the workspace's owner, who must be able to change what the server makes. */
  const needsOwner = serverUid === 0 && location.uid !== 0;

  function createDirectory(directoryFd: number, name: string): void {
    const path = entryPath(directoryFd, name);
    try {
      mkdirSync(path, NEW_DIRECTORY_MODE);
    } catch (error) {
      // Made by someone else meanwhile.
      if (errorCode(error) === 'EEXIST') return;
      throw error;
    }
    if (needsOwner) lchownSync(path, location.uid, location.gid);
  }

  async function write(
    place: Located,
    shown: string,
    bytes: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<FileStat> {
    const { directoryFd, name, stat } = place;
    if (name === null || stat?.isDirectory()) throw notAFile(shown);
    if (stat !== null) refuseUnlessPlain(stat, shown, location.uid);
    const temporary = entryPath(directoryFd, `.crush-${newId()}.tmp`);
    const handle = await open(temporary, CREATE_EXCLUSIVE, 0o600);
    try {
      await writeAll(handle, bytes, signal);
      await handle.chmod(stat === null ? NEW_FILE_MODE : stat.mode & PERMISSION_BITS);
      if (needsOwner) await handle.chown(location.uid, location.gid);
      await rename(temporary, entryPath(directoryFd, name));
      return toFileStat(shown, await handle.stat());
    } catch (error) {
      await unlink(temporary).catch(() => {});
      throw error;
    } finally {
      await handle.close();
    }
  }

  return {
    async stat(path) {
      try {
        return await at(path, { followLast: true }, async (place, shown) =>
          place.stat === null ? null : toFileStat(shown, place.stat),
        );
      } catch (error) {
        if (error instanceof WorkspaceError && ['not_found', 'not_a_directory'].includes(error.code))
          return null;
        throw error;
      }
    },
    async resolve(path) {
      const names = parseWorkspacePath(path);
      try {
        return displayPath(resolveLinks(location, names));
      } catch (error) {
        throw toWorkspaceError(error, displayPath(names));
      }
    },
    read: (path, options, signal) =>
      at(
        path,
        { followLast: true },
        (place, shown) => read(place, shown, location.uid, options, signal),
        signal,
      ),
    async write(path, bytes, signal) {
      if (bytes.length > MAX_WRITE_BYTES) throw new WorkspaceError('too_large', 'The content is too large.');
      return at(
        path,
        { followLast: true, createDirectory },
        (place, shown) => write(place, shown, bytes, signal),
        signal,
      );
    },
    list: (path, limit, signal) =>
      at(path, { followLast: true }, (place, shown) => list(place, shown, limit, signal), signal),
    remove: (path, signal) =>
      at(
        path,
        { followLast: false },
        async (place, shown) => {
          if (place.name === null)
            throw new WorkspaceError('refused', 'The workspace itself cannot be removed.');
          if (place.stat === null) throw new WorkspaceError('not_found', `${shown} does not exist.`);
          await removeTree(place.directoryFd, place.name, signal);
        },
        signal,
      ),
  };
}

async function read(
  place: Located,
  shown: string,
  owner: number,
  options: { offset?: number; limit?: number },
  signal: AbortSignal | undefined,
): Promise<FileContent> {
  if (place.stat === null) throw new WorkspaceError('not_found', `${shown} does not exist.`);
  if (place.stat.isDirectory()) throw notAFile(shown);
  refuseUnlessPlain(place.stat, shown, owner);
  const handle = await open(entryPath(place.directoryFd, place.name), OPEN_FOR_READING);
  try {
    const stat = await handle.stat();
    refuseUnlessPlain(stat, shown, owner);
    const offset = Math.max(0, options.offset ?? 0);
    const available = Math.max(0, stat.size - offset);
    if (options.limit === undefined && available > MAX_READ_BYTES) {
      throw new WorkspaceError('too_large', `${shown} holds more than ${MAX_READ_BYTES / MEBIBYTE} MiB.`);
    }
    const wanted = Math.min(available, options.limit ?? MAX_READ_BYTES, MAX_LIMIT_BYTES);
    return { bytes: await readRange(handle, offset, wanted, signal), stat: toFileStat(shown, stat) };
  } finally {
    await handle.close();
  }
}

async function readRange(
  handle: FileHandle,
  offset: number,
  wanted: number,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(wanted);
  let filled = 0;
  while (filled < wanted) {
    signal?.throwIfAborted();
    const length = Math.min(READ_CHUNK_BYTES, wanted - filled);
    const { bytesRead } = await handle.read(bytes, filled, length, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

async function writeAll(
  handle: FileHandle,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    signal?.throwIfAborted();
    const { bytesWritten } = await handle.write(bytes, at, Math.min(READ_CHUNK_BYTES, bytes.length - at));
    at += bytesWritten;
  }
}

async function list(
  place: Located,
  shown: string,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<{ entries: FileStat[]; truncated: boolean }> {
  if (place.stat === null) throw new WorkspaceError('not_found', `${shown} does not exist.`);
  if (!place.stat.isDirectory()) throw new WorkspaceError('not_a_directory', `${shown} is not a directory.`);
  const directory = entryPath(place.directoryFd, place.name);
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const { entries: found, truncated } = await readNames(handle.fd, signal);
    const entries: FileStat[] = [];
    for (const { name } of found.slice(0, limit)) {
      signal?.throwIfAborted();
      const stat = await lstat(entryPath(handle.fd, name)).catch(() => null);
      if (stat !== null) entries.push(toFileStat(`${shown}/${name}`, stat));
    }
    return { entries, truncated: truncated || found.length > limit };
  } finally {
    await handle.close();
  }
}

function refuseUnlessPlain(stat: Stats, shown: string, owner: number): void {
  if (!stat.isFile()) throw new WorkspaceError('refused', `${shown} is not a regular file.`);
  // A hard link to someone else's file reaches outside, whatever its name is.
  if (stat.nlink > 1 && stat.uid !== owner) {
    throw new WorkspaceError('refused', `${shown} is a hard link to another user's file.`);
  }
}

function notAFile(shown: string): WorkspaceError {
  return new WorkspaceError('not_a_file', `${shown} is a directory.`);
}

function toFileStat(path: string, stat: Stats): FileStat {
  return { path, type: typeOf(stat), size: stat.size, mtimeMs: stat.mtimeMs };
}

function typeOf(stat: Stats): FileStat['type'] {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  return stat.isSymbolicLink() ? 'symlink' : 'other';
}
