import { describe, expect, test } from 'vitest';
import { type SandboxPlan, sandboxCommand, sandboxOptions } from './arguments.ts';

const plan: SandboxPlan = {
  identity: { kind: 'namespace', uid: 1000, gid: 1000 },
  system: {
    links: [{ path: '/bin', target: 'usr/bin' }],
    directories: ['/usr'],
    etc: ['/etc/ssl/certs'],
  },
  workspaceFd: 5,
  etcDirectory: '/data/sandbox/etc-1000-1000',
  scratch: null,
  network: 'none',
  limits: {
    memoryMb: 512,
    processes: 64,
    fileMb: 100,
    outputKb: 64,
    workspaceMb: 100,
    workspaceFiles: 10,
    diskFreeMb: 1,
  },
  env: { PATH: '/usr/bin', A: '--bind / /' },
  cwd: 'sub/dir',
  seccompFd: 4,
  reportFd: 7,
  lockFd: 5,
  argv: ['/bin/bash', '-c', 'true'],
};

/** Each option with the values behind it. */
function has(options: readonly string[], ...expected: string[]): boolean {
  return options.some((_, at) => expected.every((value, index) => options[at + index] === value));
}

describe('sandboxOptions', () => {
  const options = sandboxOptions(plan);

  test('separates everything and dies with the server', () => {
    for (const option of [
      '--unshare-user',
      '--disable-userns',
      '--unshare-pid',
      '--unshare-net',
      '--unshare-ipc',
      '--unshare-uts',
      '--die-with-parent',
      '--new-session',
      '--clearenv',
    ]) {
      expect(options).toContain(option);
    }
    expect(has(options, '--cap-drop', 'ALL')).toBe(true);
    expect(options).not.toContain('--cap-add');
    expect(has(options, '--seccomp', '4')).toBe(true);
    expect(has(options, '--sync-fd', '5')).toBe(true);
  });

  test('shows the system read-only and the workspace alone writable', () => {
    expect(has(options, '--ro-bind', '/usr', '/usr')).toBe(true);
    expect(has(options, '--symlink', 'usr/bin', '/bin')).toBe(true);
    expect(has(options, '--ro-bind', '/data/sandbox/etc-1000-1000', '/etc')).toBe(true);
    expect(has(options, '--bind-fd', '5', '/workspace')).toBe(true);
    expect(options.filter((option) => option === '--bind' || option === '--bind-fd')).toHaveLength(1);
    expect(has(options, '--remount-ro', '/')).toBe(true);
    expect(has(options, '--chdir', '/workspace/sub/dir')).toBe(true);
  });

  test('limits every scratch directory', () => {
    const sizes = options.filter((option) => option === '--size').length;
    expect(options.filter((option) => option === '--tmpfs')).toHaveLength(sizes);
  });

  test("shows the project's own home and /tmp, where it has some", () => {
    const own = sandboxOptions({
      ...plan,
      scratch: { home: '/data/homes/p/home', tmp: '/data/homes/p/tmp' },
    });
    expect(has(own, '--bind', '/data/homes/p/home', '/home/u')).toBe(true);
    expect(has(own, '--bind', '/data/homes/p/tmp', '/tmp')).toBe(true);
    expect(own.filter((option) => option === '--tmpfs')).toHaveLength(1);
  });

  test('keeps a value of the environment one value', () => {
    expect(has(options, '--setenv', 'A', '--bind / /')).toBe(true);
  });

  test('shares the network only when it is told to', () => {
    expect(sandboxOptions({ ...plan, network: 'inherited' })).not.toContain('--unshare-net');
  });

  test('keeps for another user only what setpriv needs', () => {
    const other = sandboxOptions({ ...plan, identity: { kind: 'user', uid: 70_000, gid: 70_000 } });
    const kept = other.filter((_, at) => other[at - 1] === '--cap-add');
    expect(kept).toEqual(['CAP_DAC_READ_SEARCH', 'CAP_SETUID', 'CAP_SETGID']);
    expect(other).not.toContain('--unshare-user');
    expect(other).toContain('--unshare-pid');
  });
});

describe('sandboxCommand', () => {
  test('limits data and not address space, and ends in the command', () => {
    const command = sandboxCommand(plan);
    expect(command[0]).toBe('/usr/bin/prlimit');
    expect(command).toContain('--nproc=64');
    expect(command).toContain('--data=536870912');
    expect(command.some((argument) => argument.startsWith('--as='))).toBe(false);
    expect(command.slice(-4)).toEqual(['--', '/bin/bash', '-c', 'true']);
  });

  test('becomes another user first', () => {
    const command = sandboxCommand({ ...plan, identity: { kind: 'user', uid: 70_000, gid: 70_001 } });
    expect(command.slice(0, 6)).toEqual([
      '/usr/bin/setpriv',
      '--reuid=70000',
      '--regid=70001',
      '--clear-groups',
      '--inh-caps=-all',
      '--',
    ]);
  });
});
