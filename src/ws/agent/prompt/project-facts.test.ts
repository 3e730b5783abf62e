import { expect, test } from 'vitest';
import type { Workspace } from '#domain/workspace/index.ts';
import { deferred } from '#shared/async/deferred.ts';
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

const live = () => new AbortController().signal;

test('a turn that ends while they are read neither waits nor spoils them for the next', async () => {
  const ready = deferred<void>();
  const { workspace, reads } = workspaceWith('be kind', ready.promise);
  const reader = createProjectFactsReader({ clock: { now: () => 0 } });
  const first = new AbortController();
  const asked = reader.read(workspace, first.signal);
  const second = reader.read(workspace, live());
  first.abort();
  expect(await asked).toEqual({ git: null, contextFiles: [] });
  ready.resolve();
  expect(await second).toEqual({ git: null, contextFiles: [{ path: 'AGENTS.md', text: 'be kind' }] });
  expect(reads()).toBe(1);
});

test('what could not be read is not remembered', async () => {
  const failing = { projectId: 'p', stat: async () => null, list: () => Promise.reject(new Error('gone')) };
  const reader = createProjectFactsReader({ clock: { now: () => 0 } });
  expect(await reader.read(failing as unknown as Workspace, live())).toEqual({ git: null, contextFiles: [] });
  const { workspace } = workspaceWith('be kind');
  expect((await reader.read(workspace, live())).contextFiles).toHaveLength(1);
});
