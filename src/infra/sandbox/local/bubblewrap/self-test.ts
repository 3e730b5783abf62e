import { execFile } from 'node:child_process';
import { chownSync, existsSync, lstatSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { errorMessage, truncate } from '#shared/text.ts';
import type { ProcessLauncher, SandboxNetwork, SelfTestResult, WorkspaceLocation } from '../driver.ts';
import { scratchPaths, userFor } from '../location.ts';
import { type RunOptions, runCommand } from '../process/run-command.ts';

const run = promisify(execFile);
const MIN_VERSION = [0, 8] as const;
const PROBE_TIMEOUT_MS = 10_000;

const NO_BIND_FD =
  "bubblewrap lacks --bind-fd: install your distribution's security update of it (CVE-2024-42472), or 0.10 or newer";

/** Prints what the checks below read; needs only bash and its own /proc. */
const PROBE = `while read -r key value; do case $key in
  Seccomp:|NoNewPrivs:|CapEff:) echo "$key$value";; esac; done < /proc/self/status
pids=0; for entry in /proc/[0-9]*; do pids=$((pids + 1)); done; echo "Pids:$pids"
links=0; while read -r line; do case $line in *:*) links=$((links + 1));; esac; done < /proc/net/dev; echo "Links:$links"
[ -e /root ] || [ -e /var ] || [ -s /etc/shadow ] || echo "Hidden:1"`;

export interface SelfTestDeps {
  bwrapPath: string | null;
  /** Programs that are not there, and the packages that hold them. */
  missing: readonly { name: string; from: string }[];
  launcher: ProcessLauncher;
  network: SandboxNetwork['mode'];
  serverUid: number;
  /** Where a directory for the probe may be made. */
  scratch: string;
}

/** Every problem names what to do about it; nothing falls back to less isolation. */
export async function testBubblewrap(deps: SelfTestDeps): Promise<SelfTestResult> {
  const problems: string[] = [];
  if (deps.bwrapPath === null || !existsSync(deps.bwrapPath)) {
    problems.push('bubblewrap is not installed: apt install bubblewrap (or dnf install bubblewrap)');
  }
  for (const { name, from } of deps.missing) {
    problems.push(`${name} is not installed: apt install ${from}`);
  }
  if (deps.bwrapPath === null || problems.length > 0) return { ok: false, problems };
  problems.push(...(await versionProblems(deps.bwrapPath)));
  if (problems.length === 0) problems.push(...(await probeProblems(deps)));
  return { ok: problems.length === 0, problems };
}

export async function bubblewrapVersion(bwrapPath: string): Promise<string> {
  const { stdout } = await run(bwrapPath, ['--version'], { env: {}, timeout: PROBE_TIMEOUT_MS });
  return /\d+(\.\d+)+/.exec(stdout)?.[0] ?? '0.0';
}

async function versionProblems(bwrapPath: string): Promise<string[]> {
  try {
    const [major = '0', minor = '0'] = (await bubblewrapVersion(bwrapPath)).split('.');
    const isOld = Number(major) === MIN_VERSION[0] && Number(minor) < MIN_VERSION[1];
    return isOld
      ? [`bubblewrap ${major}.${minor} is too old: install ${MIN_VERSION.join('.')} or newer`]
      : [];
  } catch (error) {
    return [`bubblewrap could not be run: ${errorMessage(error)}`];
  }
}

async function probeProblems(deps: SelfTestDeps): Promise<string[]> {
  const location = makeProbeDirectory(deps);
  try {
    const result = await runCommand(probeOptions(deps, location), new AbortController().signal);
    if (result.stderr.includes('Unknown option --bind-fd')) return [NO_BIND_FD];
    if (result.exitCode !== 0) return [`the sandbox does not start: ${truncate(result.stderr.trim(), 300)}`];
    return readProbe(result.stdout, deps.network);
  } catch (error) {
    return [explain(errorMessage(error))];
  } finally {
    await deps.launcher.forget(location);
    rmSync(location.directory, { recursive: true, force: true });
  }
}

function makeProbeDirectory({ scratch, serverUid }: SelfTestDeps): WorkspaceLocation {
  const directory = mkdtempSync(join(scratch, 'probe-'));
  if (serverUid === 0) chownSync(directory, userFor('probe'), userFor('probe'));
  const { uid, gid, dev, ino } = lstatSync(directory);
  const projectId = basename(directory);
  const place = { base: directory, directory, identity: { dev, ino } };
  return { projectId, ...place, uid, gid, ...scratchPaths(scratch, projectId) };
}

function probeOptions({ launcher }: SelfTestDeps, location: WorkspaceLocation): RunOptions {
  return {
    launch: () =>
      launcher.launch(location, {
        argv: ['/bin/bash', '-c', PROBE],
        cwd: '',
        env: launcher.environment(undefined),
        stdin: 'ignore',
        fenced: true,
      }),
    request: {},
    timeoutMs: PROBE_TIMEOUT_MS,
    maxOutputBytes: 64 * 1024,
    watch: () => () => {},
  };
}

function readProbe(output: string, network: SelfTestDeps['network']): string[] {
  const values = new Map(output.split('\n').map((line) => line.split(':') as [string, string | undefined]));
  const problems: string[] = [];
  if (values.get('Seccomp') !== '2') {
    problems.push('the system call filter is not applied: the kernel needs CONFIG_SECCOMP_FILTER');
  }
  if (values.get('NoNewPrivs') !== '1')
    problems.push('commands could gain privileges: no_new_privs is not set');
  if (!/^0+$/.test(values.get('CapEff') ?? '')) problems.push('commands keep capabilities of the server');
  if (Number(values.get('Pids')) > 4) problems.push('commands see processes of the host');
  if (['none', 'allowlist'].includes(network) && values.get('Links') !== '1')
    problems.push('the network is not isolated');
  if (values.get('Hidden') !== '1') problems.push("commands see the host's files");
  return problems;
}

function explain(message: string): string {
  if (/tun socket/.test(message)) {
    return `${message} – sandbox.network.mode: open needs /dev/net/tun (chmod 666 /dev/net/tun; in a container, run it with --device /dev/net/tun)`;
  }
  if (!/namespace|permission|permitted|uid map|loopback/i.test(message)) return message;
  return (
    `${message} – user namespaces are blocked: allow them (sysctl kernel.unprivileged_userns_clone=1; on Ubuntu ` +
    '24.04 an AppArmor profile for bwrap, or sysctl kernel.apparmor_restrict_unprivileged_userns=0; in a ' +
    'container, run it with --security-opt seccomp=unconfined --cap-add SYS_ADMIN)'
  );
}
