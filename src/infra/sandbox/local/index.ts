import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { WorkspaceError } from '#domain/workspace/index.ts';
import type { Log } from '#shared/log.ts';
import { prepareEtcDirectory } from './bubblewrap/etc-directory.ts';
import { createBubblewrapLauncher } from './bubblewrap/launcher.ts';
import { createScratchDirectories } from './bubblewrap/scratch-directories.ts';
import { bubblewrapVersion, testBubblewrap } from './bubblewrap/self-test.ts';
import { findSystemLayout } from './bubblewrap/system-layout.ts';
import { createWorkspaceLocks } from './bubblewrap/workspace-lock.ts';
import { createCommandGroups } from './cgroup/command-groups.ts';
import type { SandboxLimits, SandboxNetwork } from './driver.ts';
import { createAllowlist } from './egress/allowlist.ts';
import { openProxy, PROXY_PORT, proxyEnvironment } from './egress/open-proxy.ts';
import { replaceFile } from './files/replace-file.ts';
import { createHostLauncher } from './host/launcher.ts';
import { createLocations, userFor } from './location.ts';
import { RESOLVER } from './network/filter-rules.ts';
import { openNetworkNamespace } from './network/namespace.ts';
import { openNatNamespace } from './network/nat-namespace.ts';
import { createNetworks, type Networks } from './network/networks.ts';
import { SYSTEM_PATH } from './process/environment.ts';
import { createDescriptorShield } from './process/inherited-descriptors.ts';
import { createOutputPipes } from './process/output-pipes.ts';
import { findProgram } from './programs.ts';
import { assembleProvider, type LocalWorkspaceProvider, type ProviderParts } from './provider.ts';
import { DEFAULT_IGNORE_FILE } from './search/ignore-rules.ts';
import { createRipgrepEngine } from './search/ripgrep-engine.ts';
import { compileSandboxFilter } from './seccomp/filter.ts';
import { recordDirectory } from './starter/record-files.ts';
import { createStarters } from './starter/starters.ts';

export type { SandboxFacts, SandboxLimits, SandboxNetwork } from './driver.ts';
export type { LocalWorkspaceProvider } from './provider.ts';
export { freeAt } from './usage/free-space.ts';

export interface WorkspaceProviderDeps {
  driver: 'bubblewrap' | 'host';
  /** Holds `workspaces/` and the sandbox's own files. */
  dataDir: string;
  /** Directories at or below which a project may have its workspace instead. */
  workspaceRoots: readonly string[];
  limits: SandboxLimits;
  network: SandboxNetwork;
  /** For commands that name no time-out. */
  timeoutMs: number;
  log: Log;
  /** Toolchains outside `/usr`, shown read-only to every command. */
  readOnlyPaths?: readonly string[];
  /** Where bubblewrap is, when it is in none of the usual places. */
  bwrapPath?: string;
}

const LOCK_WAIT_SECONDS = 10;

/** Workspaces on this host. Start-up asks `selfTest` before it serves anyone. */
export function createWorkspaceProvider(deps: WorkspaceProviderDeps): LocalWorkspaceProvider {
  const runtime = join(prepareDataDirectory(deps.dataDir), 'sandbox');
  mkdirSync(join(runtime, 'locks'), { recursive: true, mode: 0o700 });
  replaceFile(join(runtime, 'ignore'), DEFAULT_IGNORE_FILE);
  return deps.driver === 'host' ? createHostProvider(deps, runtime) : createBubblewrapProvider(deps, runtime);
}

function createHostProvider(deps: WorkspaceProviderDeps, runtime: string): LocalWorkspaceProvider {
  const { mode } = deps.network;
  if (mode === 'allowlist' || mode === 'open') {
    throw new WorkspaceError('unavailable', `sandbox.network.mode: ${mode} needs bubblewrap to hold`);
  }
  const launcher = createHostLauncher({
    limits: deps.limits,
    prlimitPath: findProgram('prlimit'),
    shield: createDescriptorShield(),
  });
  const rgPath = findProgram('rg');
  const ignoreFile = join(runtime, 'ignore');
  return assembleProvider({
    ...commonParts(deps, false),
    driver: 'host',
    controllers: [],
    canSearch: rgPath !== null,
    launcher,
    engine: createRipgrepEngine({ launcher, rgPath, ignoreFile, readsParents: false }),
    facts: async () => ({
      bubblewrapVersion: null,
      separateUsers: false,
      controllers: [],
      ripgrep: rgPath !== null,
    }),
    async selfTest() {
      const problems = existsSync('/bin/bash') ? [] : ['/bin/bash is missing: apt install bash'];
      return { ok: problems.length === 0, problems };
    },
  });
}

function createBubblewrapProvider(deps: WorkspaceProviderDeps, runtime: string): LocalWorkspaceProvider {
  const { mode } = deps.network;
  const bwrapPath = deps.bwrapPath ?? findProgram('bwrap');
  const groups = createCommandGroups(deps.limits);
  const mkfifoPath = findProgram('mkfifo') ?? '/usr/bin/mkfifo';
  const pipes = createOutputPipes({ directory: join(runtime, 'pipes'), mkfifoPath });
  const starters = createStarters({
    filterPath: prepareFilter(runtime),
    flockPath: findProgram('flock') ?? '/usr/bin/flock',
    waitSeconds: LOCK_WAIT_SECONDS,
    recordDirectory: recordDirectory(join(runtime, 'pipes')),
    pipes,
    shield: createDescriptorShield(),
  });
  const system = findSystemLayout(deps.readOnlyPaths ?? [], mode);
  const launcher = createBubblewrapLauncher({
    bwrapPath: bwrapPath ?? '/usr/bin/bwrap',
    system,
    limits: deps.limits,
    networks: createProjectNetworks(deps, bwrapPath ?? '/usr/bin/bwrap'),
    nsenterPath: nsenterPath(),
    addedEnvironment: {
      ...(mode === 'allowlist' ? proxyEnvironment() : {}),
      PATH: [...programDirectories(deps.readOnlyPaths ?? []), SYSTEM_PATH].join(':'),
    },
    scratch: createScratchDirectories(serverUid()),
    serverUid: serverUid(),
    starters,
    locks: createWorkspaceLocks({ lockDirectory: join(runtime, 'locks'), mkfifoPath, starters }),
    groups,
    pipes,
    etcDirectoryFor: memoize((uid, gid) =>
      prepareEtcDirectory({
        parent: runtime,
        uid,
        gid,
        mounts: system.etc,
        resolver: mode === 'open' ? RESOLVER : null,
      }),
    ),
  });
  const rgPath = findProgram('rg');
  return assembleProvider({
    ...commonParts(deps, true),
    driver: 'bubblewrap',
    controllers: groups.controllers,
    canSearch: rgPath !== null,
    launcher,
    engine: createRipgrepEngine({ launcher, rgPath, ignoreFile: '/etc/crush-ignore', readsParents: true }),
    facts: async () => ({
      bubblewrapVersion: bwrapPath === null ? null : await bubblewrapVersion(bwrapPath).catch(() => null),
      separateUsers: serverUid() === 0,
      controllers: groups.controllers,
      ripgrep: rgPath !== null,
    }),
    selfTest: () =>
      testBubblewrap({
        bwrapPath,
        missing: neededPrograms(mode).filter(({ name }) => findProgram(name) === null),
        launcher,
        network: mode,
        serverUid: serverUid(),
        scratch: runtime,
      }),
  });
}

function createProjectNetworks({ network, log }: WorkspaceProviderDeps, bwrapPath: string): Networks | null {
  if (network.mode === 'host') return null;
  const isRoot = serverUid() === 0;
  const common = {
    nsenterPath: nsenterPath(),
    nodePath: process.execPath,
    openNamespace: () => openNetworkNamespace({ bwrapPath, isRoot }),
    furnish: async () => () => {},
  };
  if (network.mode === 'none') return createNetworks(common);
  if (network.mode === 'open') {
    const programs = {
      bwrapPath,
      pastaPath: findProgram('pasta') ?? '/usr/bin/pasta',
      setprivPath: findProgram('setpriv') ?? '/usr/bin/setpriv',
    };
    const { refused } = network;
    return createNetworks({
      ...common,
      // Who owns a namespace may change its filter, so that it is never the one that commands run as.
      openNamespace: ({ projectId }) =>
        openNatNamespace({ ...programs, refused, owner: isRoot ? userFor(`network of ${projectId}`) : null }),
    });
  }
  const { guard } = network;
  const allowlist = createAllowlist(network.allow);
  return createNetworks({
    ...common,
    async furnish(visitor, { projectId }) {
      const server = await visitor.listen(PROXY_PORT);
      visitor.close();
      return openProxy(server, { allowlist, guard, log: log.child({ projectId }) }).close;
    },
  });
}

/** Where toolchains have their programs. */
function programDirectories(paths: readonly string[]): string[] {
  return paths.map((path) => join(path, 'bin')).filter((path) => existsSync(path) && !path.includes(':'));
}

function nsenterPath(): string {
  return findProgram('nsenter') ?? '/usr/bin/nsenter';
}

function neededPrograms(mode: SandboxNetwork['mode']): { name: string; from: string }[] {
  const tools = ['prlimit', 'setpriv', 'flock', ...(mode === 'host' ? [] : ['nsenter'])];
  const nat = [
    { name: 'pasta', from: 'passt' },
    { name: 'nft', from: 'nftables' },
  ];
  return [...tools.map((name) => ({ name, from: 'util-linux' })), ...(mode === 'open' ? nat : [])];
}

function commonParts(
  deps: WorkspaceProviderDeps,
  separateUsers: boolean,
): Pick<ProviderParts, 'serverUid' | 'limits' | 'timeoutMs' | 'locations'> {
  const { dataDir, workspaceRoots, limits, timeoutMs } = deps;
  const locations = createLocations({ dataDir, workspaceRoots, serverUid: serverUid(), separateUsers });
  return { serverUid: serverUid(), limits, timeoutMs, locations };
}

function prepareDataDirectory(dataDir: string): string {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  return realpathSync(dataDir);
}

/** The filter as a file, which each sandbox opens for itself. */
function prepareFilter(runtime: string): string {
  const filter = compileSandboxFilter(process.arch);
  if (filter === null) {
    throw new WorkspaceError(
      'unavailable',
      `sandbox.driver: bubblewrap has no system call filter for ${process.arch}`,
    );
  }
  const path = join(runtime, 'filter.bpf');
  replaceFile(path, filter);
  return path;
}

function serverUid(): number {
  return process.geteuid?.() ?? 0;
}

function memoize(make: (uid: number, gid: number) => string): (uid: number, gid: number) => string {
  const made = new Map<string, string>();
  return (uid, gid) => {
    const key = `${uid}:${gid}`;
    const known = made.get(key) ?? make(uid, gid);
    made.set(key, known);
    return known;
  };
}
