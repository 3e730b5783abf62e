import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';

const NAMESPACES = [
  '--unshare-ipc',
  '--unshare-pid',
  '--unshare-uts',
  '--unshare-net',
  '--unshare-cgroup-try',
];
const ROOT_LINKS = ['bin', 'lib', 'lib64', 'sbin'].filter((name) => existsSync(`/usr/${name}`));

/** A bwrap that a program without Crush would start: the same namespaces, the system read-only, one directory. */
export function bareSandbox(directory: string, command: string): string[] {
  return [
    ...['bwrap', ...NAMESPACES, '--die-with-parent', '--new-session', '--clearenv'],
    ...['--ro-bind', '/usr', '/usr', '--ro-bind', '/etc', '/etc'],
    ...ROOT_LINKS.flatMap((name) => ['--symlink', `usr/${name}`, `/${name}`]),
    ...['--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp'],
    ...['--bind', directory, '/workspace', '--chdir', '/workspace'],
    ...['/bin/bash', '-c', command],
  ];
}

export interface ProgramResult {
  ms: number;
  stdout: string;
}

/** From spawn until it has ended and its output is read. Rejects when it fails. */
export async function runProgram(argv: readonly string[], cwd = '/'): Promise<ProgramResult> {
  const startedAt = performance.now();
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${errors.slice(0, 500)}`);
  return { ms: performance.now() - startedAt, stdout: Buffer.concat(chunks).toString() };
}
