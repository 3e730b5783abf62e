import { closeSync, fsync, fsyncSync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { NodeFS } from '@electric-sql/pglite/nodefs';

type Init = NodeFS['init'];

interface Stream {
  nfd: number;
  path: string;
  node: unknown;
}

/** What is used of Emscripten's parts. */
interface EmscriptenModule {
  NODEFS: {
    stream_ops: {
      fsync?(stream: Stream): number;
      write(stream: Stream, ...rest: unknown[]): number;
    };
    realPath(node: unknown): string;
  };
  FS: { ErrnoError: new (errno: number) => Error };
}

/** WASI's number. */
const EIO = 29;
const WAL_SEGMENT = /\/pg_wal\/[0-9A-F]{24}$/;

/**
 * A directory on which Postgres' fsync reaches the disk. Emscripten's file system for Node has none: there every
 * fsync succeeds without doing anything, and its fdatasync does so always (hence `wal_sync_method=fsync`).
 *
 * The log's fsync, one for each commit, would stop this process for as long as the disk takes. It is done in
 * another thread instead: who needs it awaits `synced`. Nothing else is written before, since a page must not
 * reach the disk ahead of the log that can undo it.
 */
export class SyncedFiles extends NodeFS {
  /** By path, each with a descriptor of its own: Postgres may close its at any time. */
  readonly #unsynced = new Map<string, number>();
  #underWay: number[] = [];
  #syncing: Promise<void> | null = null;

  /** Resolves when all that was committed is on the disk; once that has failed it always rejects. */
  async synced(): Promise<void> {
    // What was committed while a sync was under way needs another one, which serves all that wait.
    while (this.#syncing !== null || this.#unsynced.size > 0) {
      this.#syncing ??= this.#sync();
      await this.#syncing;
    }
  }

  async #sync(): Promise<void> {
    this.#underWay = [...this.#unsynced.values()];
    this.#unsynced.clear();
    const syncs = await Promise.allSettled(this.#underWay.map((descriptor) => promisify(fsync)(descriptor)));
    this.#underWay.splice(0).forEach(closeSync);
    for (const sync of syncs) if (sync.status === 'rejected') throw sync.reason;
    this.#syncing = null;
  }

  override async init(...[pg, options]: Parameters<Init>): ReturnType<Init> {
    const { emscriptenOpts } = await super.init(pg, options);
    const mend = (module: unknown) => this.#mend(module as EmscriptenModule);
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), mend] } };
  }

  #mend({ NODEFS, FS }: EmscriptenModule): void {
    const operations = NODEFS.stream_ops;
    const { write } = operations;
    const orInputOutputError = (action: () => void) => {
      try {
        action();
      } catch {
        throw new FS.ErrnoError(EIO);
      }
    };
    operations.fsync = ({ nfd, path, node }) => {
      orInputOutputError(() => {
        if (!WAL_SEGMENT.test(path)) fsyncSync(nfd);
        else if (!this.#unsynced.has(path)) this.#unsynced.set(path, openSync(NODEFS.realPath(node), 'r'));
      });
      return 0;
    };
    operations.write = (stream, ...rest) => {
      if (!WAL_SEGMENT.test(stream.path)) orInputOutputError(() => this.#syncLogNow());
      return write(stream, ...rest);
    };
  }

  #syncLogNow(): void {
    for (const descriptor of this.#underWay) fsyncSync(descriptor);
    for (const descriptor of this.#unsynced.values()) {
      fsyncSync(descriptor);
      closeSync(descriptor);
    }
    this.#unsynced.clear();
  }
}
