import { fsyncSync } from 'node:fs';
import { NodeFS } from '@electric-sql/pglite/nodefs';

type Init = NodeFS['init'];

/** What is used of Emscripten's parts. */
interface EmscriptenModule {
  NODEFS: { stream_ops: { fsync?(stream: { nfd: number }): number } };
  FS: { ErrnoError: new (errno: number) => Error };
}

/** WASI's number. */
const EIO = 29;

/**
 * A directory on which Postgres' fsync reaches the disk. Emscripten's file system for Node has none: there every
 * fsync succeeds without doing anything, and its fdatasync does so always (hence `wal_sync_method=fsync`).
 */
export class SyncedFiles extends NodeFS {
  override async init(...[pg, options]: Parameters<Init>): ReturnType<Init> {
    const { emscriptenOpts } = await super.init(pg, options);
    const enableSync = (module: unknown) => {
      const { NODEFS, FS } = module as EmscriptenModule;
      NODEFS.stream_ops.fsync = ({ nfd }) => {
        try {
          fsyncSync(nfd);
          return 0;
        } catch {
          throw new FS.ErrnoError(EIO);
        }
      };
    };
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), enableSync] } };
  }
}
