import { closeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { WorkspaceError } from '#domain/workspace/index.ts';
import { type Deferred, deferred } from '#shared/async/deferred.ts';
import { within } from '#shared/async/within.ts';
import { openRecords } from './record-files.ts';

/** Descriptors are of this process; null: nothing to read, nowhere to write. */
export interface StartRequest {
  /** A program by its absolute path, and its arguments. */
  argv: readonly [string, ...string[]];
  /** What the program finds on RECORDS_FD, each closed by NUL, as bwrap's `--args` reads it. */
  records: readonly string[];
  /** Files of control groups that it enters before it becomes the program. */
  groups: readonly string[];
  stdin: number | null;
  stdout: number | null;
  stderr: number | null;
  /** For DIRECTORY_FD. */
  directory: number | null;
  /** For REPORT_FD. */
  report: number;
}

/**
 * A small process that starts others. To fork this one, with its hundreds of megabytes, would stop it for 5 to 20 ms
 * each time.
 */
export interface Starter {
  readonly pid: number;
  /** Resolves when it can be asked; false: another process has the lock. */
  readonly ready: Promise<boolean>;
  /** The process id of what was started, which has the descriptors by then. Rejects with `unavailable`. */
  start(request: StartRequest): Promise<number>;
  hasEnded(): boolean;
  /** It ends, and what it has started with `--die-with-parent` ends with it. */
  close(): void;
}

export interface StarterLink {
  pid: number;
  /** Throws when nobody reads. */
  send(line: string): void;
  /** Its reports; they end with it. */
  reports: Readable;
  close(): void;
}

/** Only a host that is nearly at a standstill takes as long. */
const START_TIMEOUT_MS = 30_000;

export function createStarter(link: StarterLink, recordDirectory: string): Starter {
  const waiting = new Map<string, Deferred<number>>();
  const ready = deferred<boolean>();
  let lastId = 0;
  let ended = false;
  ready.promise.catch(() => {});

  function end(): void {
    if (ended) return;
    ended = true;
    link.close();
    ready.reject(failure());
    for (const { reject } of waiting.values()) reject(failure());
    waiting.clear();
  }

  function hear(line: string): void {
    if (line === 'ready' || line === 'busy') {
      ready.resolve(line === 'ready');
      return;
    }
    const [id = '', pid = '0'] = line.split(' ');
    if (pid === '0') waiting.get(id)?.reject(failure());
    else waiting.get(id)?.resolve(Number(pid));
    waiting.delete(id);
  }

  onLines(link.reports, hear);
  link.reports.once('error', end);
  link.reports.once('close', end);

  return {
    pid: link.pid,
    ready: ready.promise,
    async start({ argv, groups, records, ...descriptors }) {
      const { stdin, stdout, stderr, directory, report } = descriptors;
      if (ended) throw failure();
      lastId += 1;
      const id = String(lastId);
      const answer = deferred<number>();
      const recordsFd = openRecords(recordDirectory, [...groups, ...argv, ...records]);
      waiting.set(id, answer);
      const numbers = [stdin, stdout, stderr, directory, recordsFd, report].map((fd) => fd ?? '-');
      try {
        link.send(`${[id, ...numbers, groups.length, argv.length].join(' ')}\n`);
        return await within(answer.promise, START_TIMEOUT_MS, () => {
          throw new Error('no answer');
        });
      } catch (cause) {
        if (cause instanceof WorkspaceError) throw cause;
        // What it may yet start would be nobody's.
        end();
        throw failure(cause);
      } finally {
        waiting.delete(id);
        closeSync(recordsFd);
      }
    },
    hasEnded: () => ended,
    close: end,
  };
}

function failure(cause?: unknown): WorkspaceError {
  return new WorkspaceError('unavailable', 'The command could not be started.', { cause });
}

function onLines(stream: Readable, hear: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('latin1').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) hear(line);
  });
}
