import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

export const CRUSH = resolve(import.meta.dirname, '../../dist/crush');
const START_LIMIT_MS = 30_000;

export interface LogLine {
  msg: string;
  [field: string]: unknown;
}

export interface CrushProcess {
  pid: number;
  child: ChildProcess;
  /** From the `listening` line. */
  urls: { http?: string; ws?: string };
  lines: LogLine[];
  stderr: () => string;
  /** SIGTERM (or the given signal); resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface CrushOptions {
  env?: Record<string, string>;
  cwd?: string;
  executable?: string;
  /** A program and arguments that run the rest of the command line. */
  under?: string[];
  /** Instead of the Node that runs the tests. */
  program?: string;
}

/** Only what a process needs; nothing of the environment that the tests run in configures it. */
export function cleanEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  return { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', LANG: 'C.UTF-8', ...extra };
}

/** Starts the built executable and waits until it says that it listens. */
export async function startCrush(args: string[], options: CrushOptions = {}): Promise<CrushProcess> {
  const child = spawn(process.execPath, [options.executable ?? CRUSH, ...args], {
    env: cleanEnvironment(options.env),
    cwd: options.cwd ?? tmpdir(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: LogLine[] = [];
  let errorText = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errorText += chunk.toString();
  });
  const listening = new Promise<LogLine>((done, fail) => {
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = parseLine(text);
      lines.push(line);
      if (line.msg === 'listening') done(line);
    });
    child.once('exit', (code) =>
      fail(new Error(`crush ${args.join(' ')} exited with ${code}: ${errorText}`)),
    );
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), START_LIMIT_MS);
  try {
    const line = await listening;
    return {
      pid: child.pid ?? 0,
      child,
      urls: { http: line.http as string | undefined, ws: line.ws as string | undefined },
      lines,
      stderr: () => errorText,
      async stop(signal = 'SIGTERM') {
        if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
        const exit = once(child, 'exit') as Promise<[number | null]>;
        child.kill(signal);
        return (await exit)[0];
      },
    };
  } finally {
    clearTimeout(limit);
  }
}

function parseLine(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { msg: text };
  }
}

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the built executable to its end. */
export async function runCrush(
  args: string[],
  options: CrushOptions & { stdin?: string; timeoutMs?: number } = {},
): Promise<CommandResult> {
  const [program = process.execPath, ...rest] = [
    ...(options.under ?? []),
    options.program ?? process.execPath,
    options.executable ?? CRUSH,
    ...args,
  ];
  const child = spawn(program, rest, {
    env: cleanEnvironment(options.env),
    cwd: options.cwd ?? tmpdir(),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdin.end(options.stdin ?? '');
  const limit = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 30_000);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(limit);
  return { code, stdout, stderr };
}

export function temporaryDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'crush-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
