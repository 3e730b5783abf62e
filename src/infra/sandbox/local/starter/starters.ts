import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { WorkspaceError } from '#domain/workspace/index.ts';
import { started } from '../process/child.ts';
import type { DescriptorShield, Stdio } from '../process/inherited-descriptors.ts';
import type { OutputPipes } from '../process/output-pipes.ts';
import { REPORT_FD, starterArguments } from './program.ts';
import { createStarter, type Starter } from './starter.ts';

export interface Starters {
  /** The one that holds no lock. */
  plain(): Promise<Starter>;
  /** A new one that holds the lock of this file until it ends. Rejects with `unavailable` when others have it. */
  locking(path: string): Promise<Starter>;
  close(): void;
}

export interface StartersDeps {
  filterPath: string;
  flockPath: string;
  /** How long a lock is waited for. */
  waitSeconds: number;
  recordDirectory: string;
  pipes: OutputPipes;
  shield: DescriptorShield;
}

const BASH = '/bin/bash';

/** Only the first is forked from this process; the others are started by it. */
export function createStarters(deps: StartersDeps): Starters {
  let first: Promise<Starter> | null = null;

  async function plain(): Promise<Starter> {
    const known = first;
    const starter = await known?.catch(() => null);
    if (starter && !starter.hasEnded()) return starter;
    if (first === known) first = forkStarter(deps);
    return first ?? plain();
  }

  return {
    plain,
    async locking(path) {
      const starter = await startLocking(deps, await plain(), path);
      try {
        if (await starter.ready) return starter;
      } catch (cause) {
        starter.close();
        throw new WorkspaceError('unavailable', 'The workspace could not be locked.', { cause });
      }
      starter.close();
      throw new WorkspaceError('unavailable', 'Another server is running commands in this workspace.');
    },
    close() {
      first?.then(
        (starter) => starter.close(),
        () => {},
      );
      first = null;
      deps.shield.close();
    },
  };
}

async function forkStarter({ filterPath, recordDirectory, shield }: StartersDeps): Promise<Starter> {
  const stdio: Stdio = ['pipe'];
  while (stdio.length < REPORT_FD) stdio.push('ignore');
  const child = spawn(BASH, starterArguments({ serverPid: process.pid, filterPath, lock: null }), {
    stdio: shield.cover([...stdio, 'pipe']),
    env: {},
    cwd: '/',
    detached: true,
  });
  child.stdin?.on('error', () => {});
  await started(child);
  const requests = child.stdin as Writable;
  const link = {
    pid: child.pid ?? 0,
    send: (line: string) => void requests.write(line),
    reports: (child.stdio as unknown[])[REPORT_FD] as Readable,
    close: () => void requests.destroy(),
  };
  return createStarter(link, recordDirectory);
}

async function startLocking(deps: StartersDeps, parent: Starter, path: string): Promise<Starter> {
  const { filterPath, flockPath, waitSeconds, recordDirectory, pipes } = deps;
  const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
  const requests = await pipes.takeInput(uid, gid);
  const reports = await pipes.take(uid, gid).catch((error: unknown) => {
    requests.release();
    throw error;
  });
  const release = (): void => {
    requests.release();
    reports.release();
  };
  const close = (): void => {
    requests.writer.destroy();
    // Only then nobody else reads what the next one is asked.
    reports.reader.once('close', release).unref();
  };
  requests.writer.on('error', () => {});
  try {
    const lock = { flockPath, path, waitSeconds };
    const pid = await parent.start({
      argv: [BASH, ...starterArguments({ serverPid: process.pid, filterPath, lock })],
      records: [],
      groups: [],
      stdin: requests.readFd,
      stdout: null,
      stderr: null,
      directory: null,
      report: reports.writeFd,
    });
    requests.handOver();
    reports.handOver();
    const send = (line: string) => void requests.writer.write(line);
    return createStarter({ pid, send, reports: reports.reader, close }, recordDirectory);
  } catch (error) {
    release();
    throw error;
  }
}
