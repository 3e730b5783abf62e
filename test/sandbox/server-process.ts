import { createWorkspaceProvider } from '../../src/infra/sandbox/local/index.ts';
import { silentLog } from '../../src/shared/log.ts';

/** A server as a process of its own: runs one command and says when it has printed something. */
const [dataDir = '', projectId = '', command = '', mode = 'none'] = process.argv.slice(2);
const provider = createWorkspaceProvider({
  driver: 'bubblewrap',
  dataDir,
  workspaceRoots: [],
  limits: {
    memoryMb: 512,
    processes: 128,
    fileMb: 64,
    outputKb: 64,
    workspaceMb: 256,
    workspaceFiles: 100_000,
    diskFreeMb: 1,
  },
  network: mode === 'open' ? { mode, refused: [] } : { mode: 'none' },
  timeoutMs: 60_000,
  log: silentLog,
});
await provider.create(projectId, null);
const workspace = await provider.open(projectId, null);
await workspace.exec(
  { command, onOutput: () => process.stdout.write('running\n') },
  new AbortController().signal,
);
