import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Workspace } from '#domain/workspace/index.ts';
import { newId } from '#shared/ids.ts';
import { silentLog } from '#shared/log.ts';
import {
  createWorkspaceProvider,
  type LocalWorkspaceProvider,
  type SandboxLimits,
  type WorkspaceProviderDeps,
} from '../../../src/infra/sandbox/local/index.ts';

export const LIMITS: SandboxLimits = {
  memoryMb: 1024,
  processes: 128,
  fileMb: 64,
  outputKb: 64,
  workspaceMb: 256,
  workspaceFiles: 100_000,
  diskFreeMb: 1,
};

/** Of a listed directory where the server may not run commands as its own user. */
const LISTED_OWNER = 12_345;

export interface Opened {
  provider: LocalWorkspaceProvider;
  workspace: Workspace;
  projectId: string;
  root: string | null;
  /** On the host. */
  directory: string;
  dataDir: string;
  close(): Promise<void>;
}

export interface OpenOptions extends Partial<WorkspaceProviderDeps> {
  /** A directory that the operator listed, instead of the default one. */
  listedRoot?: boolean;
}

/** A directory for a project below a listed root; never root's own, in which no command runs. */
export async function makeListedDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  if (process.getuid?.() === 0) await chown(path, LISTED_OWNER, LISTED_OWNER);
}

/** A provider on a data directory of its own with one open workspace. */
export async function openWorkspace(options: OpenOptions = {}): Promise<Opened> {
  const { listedRoot = false, ...deps } = options;
  const base = await mkdtemp(join(tmpdir(), 'crush-sandbox-'));
  await chmod(base, 0o700);
  const dataDir = deps.dataDir ?? join(base, 'data');
  const roots = join(base, 'roots');
  const root = listedRoot ? join(roots, 'project') : null;
  await mkdir(dataDir, { recursive: true });
  if (root !== null) await makeListedDirectory(root);
  let provider: LocalWorkspaceProvider;
  try {
    provider = createWorkspaceProvider({
      driver: 'bubblewrap',
      dataDir,
      workspaceRoots: [roots],
      limits: LIMITS,
      network: { mode: 'none' },
      timeoutMs: 60_000,
      log: silentLog,
      ...deps,
    });
  } catch (error) {
    await rm(base, { recursive: true, force: true });
    throw error;
  }
  const projectId = newId();
  await provider.create(projectId, root);
  return {
    provider,
    workspace: await provider.open(projectId, root),
    projectId,
    root,
    directory: root ?? join(dataDir, 'workspaces', projectId),
    dataDir,
    async close() {
      await provider.close();
      await rm(base, { recursive: true, force: true });
    },
  };
}

export const hasBubblewrap = existsSync('/usr/bin/bwrap');

export const never = (): AbortSignal => new AbortController().signal;
