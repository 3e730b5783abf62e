import { expect, test } from 'vitest';
import { silentLog } from '#shared/log.ts';
import type { Context } from '../../context.ts';
import { forgetEvents } from './forget-events.ts';

function openContext() {
  const told: unknown[] = [];
  const warnings: unknown[] = [];
  const ctx: Context = {
    actor: { kind: 'system' },
    clock: { now: () => 0 },
    log: { ...silentLog, warn: (fields) => warnings.push(fields) },
    requestId: 'test',
    repositories: {},
    transaction: () => Promise.reject(new Error('not used')),
    notify: (...message) => told.push(message),
  };
  return { ctx, told, warnings };
}

test('empties the log of each session and tells who watches it', async () => {
  const { ctx, told, warnings } = openContext();
  const removed: string[] = [];
  const eventLog = { remove: async (id: string) => void removed.push(id) };
  await forgetEvents({ eventLog }, ctx, ['a', 'b']);
  expect(removed).toEqual(['a', 'b']);
  expect(told).toEqual([
    ['session_deleted', { sessionId: 'a' }],
    ['session_deleted', { sessionId: 'b' }],
  ]);
  expect(warnings).toEqual([]);
});

test('a log out of reach does not undo a deletion', async () => {
  const { ctx, told, warnings } = openContext();
  const eventLog = { remove: (id: string) => Promise.reject(new Error(`no answer for ${id}`)) };
  await forgetEvents({ eventLog }, ctx, ['a', 'b']);
  expect(told).toHaveLength(2);
  expect(warnings).toHaveLength(1);
});
