import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

export function runsAsRoot(): boolean {
  return process.getuid?.() === 0;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** The program's path: as found by `find`, or after installing its Debian package as root. */
export function requireProgram(name: string, debianPackage: string, find: () => string | null): string {
  const found = find();
  if (found) return found;
  if (runsAsRoot() && spawnSync('apt-get', ['--version']).status === 0) {
    const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
    spawnSync('apt-get', ['update', '-q'], options);
    spawnSync('apt-get', ['install', '-y', '-q', debianPackage], options);
    const installed = find();
    if (installed) return installed;
  }
  throw new Error(`${name} is missing: install it with "apt-get install ${debianPackage}"`);
}

export function which(name: string): string | null {
  const { status, stdout } = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}

/**
 * A server that dies with this process, whatever ends it. `user`: whom it runs as when this is root.
 * `isReady` sees all that it has printed so far.
 */
export async function startServer(
  argv: [string, ...string[]],
  options: { user?: string; signal: NodeJS.Signals; isReady: (output: string) => boolean },
): Promise<{ stop(): Promise<void> }> {
  const dropped = runsAsRoot() && options.user ? identityOf(options.user) : [];
  const child = spawn('setpriv', [...dropped, '--pdeathsig', options.signal.slice(3), '--', ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
  });
  await ready(child, argv[0], options.isReady);
  child.stdout?.resume();
  child.stderr?.resume();
  return {
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill(options.signal);
      await exited;
    },
  };
}

function identityOf(user: string): string[] {
  return ['--reuid', user, '--regid', user, '--clear-groups'];
}

export function runAs(user: string, argv: [string, ...string[]]): void {
  const [program, ...args] = runsAsRoot() ? ['setpriv', ...identityOf(user), '--', ...argv] : argv;
  execFileSync(program ?? '', args, { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
}

function ready(child: ChildProcess, name: string, isReady: (output: string) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    const onData = (data: Buffer) => {
      output += data.toString();
      if (isReady(output)) resolve();
    };
    child.stdout?.on('data', onData);
    child.stderr?.on('data', onData);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}: ${output.trim()}`)));
  });
}
