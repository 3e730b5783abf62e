import { expect, test } from 'vitest';
import { newId } from '#shared/ids.ts';
import { projectIdOf, workspacePathOf } from './project-ref.ts';

test('a project is named by its id, in either field and with the prefix of old', () => {
  const id = newId();
  expect(projectIdOf({ project_id: id })).toBe(id);
  expect(projectIdOf({ session_id: id })).toBe(id);
  expect(projectIdOf({ session_id: `project:${id}` })).toBe(id);
});

test('what is no id is refused', () => {
  for (const ref of [{}, { project_id: '' }, { project_id: '../x' }, { session_id: 'project:' }]) {
    expect(() => projectIdOf(ref)).toThrow(/project_id/);
  }
});

test('the old name of the workspace is understood', () => {
  expect(workspacePathOf('/sandbox')).toBe('/workspace');
  expect(workspacePathOf('/sandbox/a')).toBe('/workspace/a');
  expect(workspacePathOf('/sandboxes')).toBe('/sandboxes');
  expect(workspacePathOf(undefined)).toBe('');
});
