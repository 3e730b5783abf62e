import { createWorkspaceProvider } from '../../src/infra/sandbox/local/index.ts';
import { newId } from '../../src/shared/ids.ts';
import { silentLog } from '../../src/shared/log.ts';

/** A server as a process of its own: runs commands in one directory and counts what they saw. */
const [dataDir = '', root = '', directory = '', count = ''] = process.argv.slice(2);
const provider = createWorkspaceProvider({
  driver: 'bubblewrap',
  dataDir,
  workspaceRoots: [root],
  limits: {
    memoryMb: 512,
    processes: 128,
    fileMb: 64,
    outputKb: 64,
    workspaceMb: 256,
    workspaceFiles: 100_000,
    diskFreeMb: 1,
  },
  network: { mode: 'none' },
  timeoutMs: 60_000,
  log: silentLog,
});
const projectId = newId();
const seen = { own: 0, other: 0, refused: 0 };
for (let round = 0; round < Number(count); round += 1) {
  try {
    const workspace = await provider.open(projectId, directory);
    const { stdout } = await workspace.exec({ command: 'ls -a /workspace' }, new AbortController().signal);
    if (stdout === '.\n..\nmine\n') seen.own += 1;
    else seen.other += 1;
  } catch {
    seen.refused += 1;
  }
}
await provider.close();
process.stdout.write(JSON.stringify(seen));
