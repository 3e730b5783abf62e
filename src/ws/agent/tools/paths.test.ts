import { expect, test } from 'vitest';
import { directoryOf, isProtectedPath, workspacePath } from './paths.ts';

test('relative and absolute paths name the same place of the workspace', () => {
  expect(workspacePath('src/a.ts')).toBe('/workspace/src/a.ts');
  expect(workspacePath('/workspace/src/../b')).toBe('/workspace/b');
  expect(workspacePath('')).toBe('/workspace');
  expect(directoryOf('/workspace/a/b')).toBe('/workspace/a');
  expect(directoryOf('/workspace')).toBe('/workspace');
});

test.each(['../etc/passwd', '/etc/passwd', '/workspace2/a', '/workspace/../x', 'a\0b'])(
  'a path outside the workspace is refused: %j',
  (path) => {
    expect(() => workspacePath(path)).toThrow();
  },
);

test('configuration of git, editors and agents is protected, in any spelling', () => {
  expect(isProtectedPath('/workspace/.git/hooks/pre-commit')).toBe(true);
  expect(isProtectedPath('/workspace/sub/.GIT/config')).toBe(true);
  expect(isProtectedPath('/workspace/.vscode/tasks.json')).toBe(true);
  expect(isProtectedPath('/workspace/.gitignore')).toBe(false);
  expect(isProtectedPath('/workspace/src/git.ts')).toBe(false);
});
