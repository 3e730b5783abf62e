import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Workspace } from '#domain/workspace/index.ts';
import { deferred } from '#shared/async/deferred.ts';
import { createToolBench, type ToolBench } from '../../../../test/doubles/tool-scope.ts';
import { createProjectFactsReader } from './project-facts.ts';

/** A workspace without a repository that holds one file of notes. */
function workspaceWith(notes: string, ready: Promise<void> = Promise.resolve()) {
  let reads = 0;
  const workspace = {
    projectId: 'p',
    stat: async () => null,
    async list() {
      await ready;
      reads += 1;
      return { entries: [{ path: '/workspace/AGENTS.md', type: 'file' }], truncated: false };
    },
    read: async () => ({ bytes: Buffer.from(notes), stat: { size: notes.length } }),
  } as unknown as Workspace;
  return { workspace, reads: () => reads };
}

const DEPS = { clock: { now: () => 0 }, isolated: true };
const live = () => new AbortController().signal;

test('a turn that ends while they are read neither waits nor spoils them for the next', async () => {
  const ready = deferred<void>();
  const { workspace, reads } = workspaceWith('be kind', ready.promise);
  const reader = createProjectFactsReader(DEPS);
  const first = new AbortController();
  const asked = reader.read(workspace, first.signal);
  const second = reader.read(workspace, live());
  first.abort();
  expect(await asked).toEqual({ git: null, contextFiles: [], toolchain: [] });
  ready.resolve();
  expect(await second).toEqual({
    git: null,
    contextFiles: [{ path: 'AGENTS.md', text: 'be kind' }],
    toolchain: [],
  });
  expect(reads()).toBe(1);
});

test('what could not be read is not remembered', async () => {
  const failing = { projectId: 'p', stat: async () => null, list: () => Promise.reject(new Error('gone')) };
  const reader = createProjectFactsReader(DEPS);
  expect(await reader.read(failing as unknown as Workspace, live())).toEqual({
    git: null,
    contextFiles: [],
    toolchain: [],
  });
  const { workspace } = workspaceWith('be kind');
  expect((await reader.read(workspace, live())).contextFiles).toHaveLength(1);
});

describe('a repository', () => {
  let bench: ToolBench;
  beforeEach(async () => {
    bench = await createToolBench();
    const git = 'git -c user.name=a -c user.email=a@b';
    await bench.workspace.exec(
      {
        command: `git init -q -b trunk . && echo 1 > f && git add f && ${git} commit -qm first && echo 2 > f`,
      },
      live(),
    );
  });
  afterEach(() => bench.close());

  test('is told of by its branch, its state and its last commits', async () => {
    const { git } = await createProjectFactsReader(DEPS).read(bench.workspace, live());
    expect(git).toMatch(/^Branch: trunk\nStatus:\n M f\nRecent commits:\n[0-9a-f]{7} first$/);
  });

  test('has none of its programs run', async () => {
    const command =
      'git config filter.x.clean "touch ran; cat"; git config core.fsmonitor "touch ran"; echo "* filter=x" > .gitattributes';
    await bench.workspace.exec({ command }, live());
    const { git } = await createProjectFactsReader(DEPS).read(bench.workspace, live());
    expect(git).toContain(' M f\n');
    expect(await bench.workspace.stat('ran')).toBeNull();
  });

  test('is only looked at where nothing isolates', async () => {
    const workspace: Workspace = {
      ...bench.workspace,
      exec: () => Promise.reject(new Error('run')),
      spawn: () => Promise.reject(new Error('run')),
    };
    const { git } = await createProjectFactsReader({ ...DEPS, isolated: false }).read(workspace, live());
    expect(git).toBe('Branch: trunk');
  });
});
