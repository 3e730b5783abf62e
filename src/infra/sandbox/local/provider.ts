import { WorkspaceError, type WorkspaceProvider } from '#domain/workspace/index.ts';
import { within } from '#shared/async/within.ts';
import { isId } from '#shared/ids.ts';
import type {
  LaunchedProcess,
  ProcessLauncher,
  SandboxFacts,
  SandboxLimits,
  SelfTestResult,
  WorkspaceLocation,
} from './driver.ts';
import { createFileStore } from './files/file-store.ts';
import { removeDirectory } from './files/remove-directory.ts';
import type { Locations } from './location.ts';
import { findProgram } from './programs.ts';
import { createSearch } from './search/search.ts';
import type { SearchEngine } from './search/search-engine.ts';
import { createWorkspaceUsage } from './usage/workspace-usage.ts';
import { createWorkspace } from './workspace.ts';

/** How long the end of killed processes is awaited. */
const KILL_WAIT_MS = 5000;

export interface LocalWorkspaceProvider extends WorkspaceProvider {
  readonly driver: 'bubblewrap' | 'host';
  /** Whether this host can run commands as configured. Slow enough for start-up only. */
  selfTest(): Promise<SelfTestResult>;
  /** False: ripgrep is not installed, and searches say so. */
  readonly canSearch: boolean;
  /** Control group controllers that limit the commands of a project in sum. */
  readonly controllers: readonly string[];
  facts(): Promise<SandboxFacts>;
}

export interface ProviderParts {
  driver: 'bubblewrap' | 'host';
  canSearch: boolean;
  controllers: readonly string[];
  serverUid: number;
  limits: SandboxLimits;
  timeoutMs: number;
  locations: Locations;
  launcher: ProcessLauncher;
  engine: SearchEngine;
  selfTest(): Promise<SelfTestResult>;
  facts(): Promise<SandboxFacts>;
}

/** The parts of one driver as the domain's port. */
export function assembleProvider(parts: ProviderParts): LocalWorkspaceProvider {
  const usage = createWorkspaceUsage(parts.limits, findProgram('du'));
  const running = new Map<string, Set<LaunchedProcess>>();
  let closing: Promise<void> | null = null;

  function track(projectId: string, launched: LaunchedProcess): void {
    const set = running.get(projectId) ?? new Set();
    running.set(projectId, set.add(launched));
    if (closing !== null) launched.kill();
    void launched.closed.then(() => {
      set.delete(launched);
      if (set.size === 0 && running.get(projectId) === set) running.delete(projectId);
    });
  }

  async function close(): Promise<void> {
    await killAll([...running.values()].flatMap((set) => [...set]));
    usage.close();
    await parts.launcher.close();
  }

  return {
    driver: parts.driver,
    isolated: parts.driver === 'bubblewrap',
    canSearch: parts.canSearch,
    controllers: parts.controllers,
    selfTest: parts.selfTest,
    facts: parts.facts,
    async create(projectId, root) {
      return parts.locations.create(projectId, root);
    },
    async open(projectId, root) {
      const location = parts.locations.find(projectId, root);
      return createWorkspace({
        location,
        launcher: parts.launcher,
        files: createFileStore(location, parts.serverUid),
        search: createSearch(location, parts.engine),
        usage,
        limits: parts.limits,
        defaultTimeoutMs: parts.timeoutMs,
        onLaunch: (launched) => track(projectId, launched),
      });
    },
    async destroy(projectId, root) {
      if (!isId(projectId)) throw new WorkspaceError('refused', 'The project id is not valid.');
      await killAll([...(running.get(projectId) ?? [])]);
      usage.forget(projectId);
      const location = findOrNull(parts.locations, projectId, root);
      if (location === null) return;
      await parts.launcher.forget(location);
      if (root === null) await removeDirectory(location.directory);
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}

async function killAll(processes: readonly LaunchedProcess[]): Promise<void> {
  for (const launched of processes) {
    launched.kill();
    launched.stdout.resume();
    launched.stderr.resume();
  }
  const gone = Promise.all(processes.map((launched) => launched.closed));
  await within(gone, KILL_WAIT_MS, () => {});
}

function findOrNull(locations: Locations, projectId: string, root: string | null): WorkspaceLocation | null {
  try {
    return locations.find(projectId, root);
  } catch {
    return null;
  }
}
