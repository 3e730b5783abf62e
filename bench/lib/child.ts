import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep } from '#shared/async/sleep.ts';
import { cleanEnvironment } from '../../test/harness/crush-process.ts';
import { getStatus } from './http-load.ts';

export interface Child {
  pid: number;
  /** What it has printed so far, on both streams. */
  output(): string;
  /** SIGTERM, then SIGKILL. Idempotent. */
  close(): Promise<void>;
}

export interface ChildOptions {
  name: string;
  /** Program's file and its arguments, run by Node itself. */
  argv: readonly string[];
  env?: Record<string, string>;
  /** Where its output goes: a file costs the child what a service pays for its log, and this process nothing. */
  directory: string;
}

const STOP_LIMIT_MS = 10_000;
const HEALTH_LIMIT_MS = 30_000;
const HEALTH_INTERVAL_MS = 3;

export function startNode(options: ChildOptions): Child {
  mkdirSync(options.directory, { recursive: true });
  const path = join(options.directory, `${options.name}.log`);
  const fd = openSync(path, 'a');
  const child = spawn(process.execPath, options.argv, {
    env: cleanEnvironment(options.env),
    cwd: tmpdir(),
    stdio: ['ignore', fd, fd],
  });
  closeSync(fd);
  child.once('error', () => {});
  return {
    pid: child.pid ?? 0,
    output: () => readFileSync(path, 'utf8'),
    close: () => stop(child),
  };
}

/** Until `GET /health` answers 200. Milliseconds from the start of the call. */
export async function untilHealthy(child: Child, port: number, signal: AbortSignal): Promise<number> {
  const startedAt = performance.now();
  while ((await getStatus(port, '/health')) !== 200) {
    const waited = performance.now() - startedAt;
    if (waited > HEALTH_LIMIT_MS || !isAlive(child.pid)) {
      throw new Error(
        `no answer on port ${port} after ${Math.round(waited)} ms: ${child.output().slice(-2000)}`,
      );
    }
    await sleep(HEALTH_INTERVAL_MS, signal);
  }
  return performance.now() - startedAt;
}

/** Wall milliseconds of a program from spawn to exit. Rejects when it fails. */
export async function timeNode(argv: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, argv, { env: cleanEnvironment(), cwd: tmpdir(), stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`node ${argv.join(' ')} ended with ${code}`);
  return performance.now() - startedAt;
}

/** Resident memory in MB. */
export function residentMb(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kilobytes === undefined) throw new Error(`process ${pid} has gone`);
  return Number(kilobytes) / 1024;
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const limit = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await exited;
  clearTimeout(limit);
}
