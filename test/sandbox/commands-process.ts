import { createWorkspaceProvider } from '../../src/infra/sandbox/local/index.ts';
import { newId } from '../../src/shared/ids.ts';
import { silentLog } from '../../src/shared/log.ts';

/** A server as a process of its own: runs a command in one directory again and again and tells what it printed. */
const [dataDir = '', root = '', directory = '', count = '', command = ''] = process.argv.slice(2);
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
const outputs: (string | null)[] = [];
for (let round = 0; round < Number(count); round += 1) {
  try {
    const workspace = await provider.open(projectId, directory);
    const result = await workspace.exec({ command }, new AbortController().signal);
    outputs.push(result.stdout);
  } catch {
    outputs.push(null);
  }
}
await provider.close();
process.stdout.write(JSON.stringify(outputs));
