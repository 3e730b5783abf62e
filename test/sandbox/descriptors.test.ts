import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { newId } from '#shared/ids.ts';
import { until } from '../harness/until.ts';
import { hasBubblewrap, never, openWorkspace } from '../integration/sandbox/drivers.ts';

const PROJECTS = 12;
/** Pipes that the server keeps for its own use, however many projects come and go. */
const OWN_PIPES = 32;

const descriptors = () => readdirSync('/proc/self/fd').length;
const children = () =>
  spawnSync('ps', ['--ppid', String(process.pid), '-o', 'pid='], { encoding: 'utf8' }).stdout;

describe.skipIf(!hasBubblewrap)('a deleted project', () => {
  test('leaves no descriptor, no process and no file of the server behind', async () => {
    const { provider, dataDir, ...opened } = await openWorkspace();
    const work = async (): Promise<void> => {
      const projectId = newId();
      await provider.create(projectId, null);
      const workspace = await provider.open(projectId, null);
      await workspace.exec({ command: 'echo a > a' }, never());
      const process = await workspace.spawn({ argv: ['/bin/sleep', '60'] });
      await workspace.grep('a', { limit: 1 });
      await workspace.write('b', Buffer.from('b'));
      await provider.destroy(projectId, null);
      await process.exited;
    };
    try {
      await work();
      await opened.workspace.exec({ command: 'true' }, never());
      const before = { descriptors: descriptors(), children: children().split('\n').length };
      for (let round = 0; round < PROJECTS; round += 1) await work();
      await until(() => descriptors() <= before.descriptors + OWN_PIPES, 'the end of the descriptors');
      await until(() => children().split('\n').length <= before.children, 'the end of the processes');
      expect(readdirSync(join(dataDir, 'sandbox', 'locks'))).toEqual([`${opened.projectId}.lock`]);
      expect(readdirSync(join(dataDir, 'workspaces'))).toEqual([opened.projectId]);
      expect(readdirSync(join(dataDir, 'homes'))).toEqual([opened.projectId]);
    } finally {
      await opened.close();
    }
  });
});
