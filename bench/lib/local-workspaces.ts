import { mkdirSync } from 'node:fs';
import { silentLog } from '#shared/log.ts';
import { createWorkspaceProvider, type LocalWorkspaceProvider } from '../../src/infra/sandbox/local/index.ts';

const LIMITS = {
  memoryMb: 2048,
  processes: 256,
  fileMb: 1024,
  outputKb: 1024,
  workspaceMb: 10_240,
  workspaceFiles: 1_000_000,
  diskFreeMb: 512,
};
const TIMEOUT_MS = 30_000;

/** The bubblewrap driver in this process, with the limits of the default configuration. */
export async function openLocalWorkspaces(dataDir: string): Promise<LocalWorkspaceProvider> {
  mkdirSync(dataDir, { recursive: true });
  const provider = createWorkspaceProvider({
    driver: 'bubblewrap',
    dataDir,
    workspaceRoots: [],
    limits: LIMITS,
    network: { mode: 'none' },
    timeoutMs: TIMEOUT_MS,
    log: silentLog,
  });
  const { ok, problems } = await provider.selfTest();
  if (ok) return provider;
  await provider.close();
  throw new Error(problems.join('; '));
}
