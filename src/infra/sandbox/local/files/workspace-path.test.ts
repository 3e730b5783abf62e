import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WorkspaceError } from '#domain/workspace/index.ts';
import { displayPath, parseWorkspacePath } from './workspace-path.ts';

describe('parseWorkspacePath', () => {
  test('takes relative paths and those below /workspace', () => {
    expect(parseWorkspacePath('')).toEqual([]);
    expect(parseWorkspacePath('.')).toEqual([]);
    expect(parseWorkspacePath('/workspace')).toEqual([]);
    expect(parseWorkspacePath('/workspace/')).toEqual([]);
    expect(parseWorkspacePath('/workspace/a//b/./c')).toEqual(['a', 'b', 'c']);
    expect(parseWorkspacePath('src/../lib/x.ts')).toEqual(['lib', 'x.ts']);
    expect(parseWorkspacePath('100%.txt')).toEqual(['100%.txt']);
    expect(parseWorkspacePath('a\\b/c%2Fd/e%5cf')).toEqual(['a\\b', 'c%2Fd', 'e%5cf']);
    expect(parseWorkspacePath('..a\\b..%2e')).toEqual(['..a\\b..%2e']);
  });

  test.each([
    ['..', 'outside_workspace'],
    ['../x', 'outside_workspace'],
    ['a/../../x', 'outside_workspace'],
    ['/workspace/..', 'outside_workspace'],
    ['/workspace/../etc/passwd', 'outside_workspace'],
    ['/etc/passwd', 'outside_workspace'],
    ['/', 'outside_workspace'],
    ['/workspacex/a', 'outside_workspace'],
    ['a\0b', 'refused'],
    ['..\\..\\x', 'refused'],
    ['%2e%2e%2fetc', 'refused'],
    ['%252e%252e/x', 'refused'],
    ['a%2f..%2fb', 'refused'],
    ['a\\..\\x', 'refused'],
    ['a/..%5cx', 'refused'],
    ['%25252e%25252e/x', 'refused'],
    ['a%00', 'refused'],
    ['x'.repeat(256), 'refused'],
    ['x/'.repeat(3000), 'refused'],
  ])('answers %j with %s', (path, code) => {
    expect(() => parseWorkspacePath(path)).toThrow(expect.objectContaining({ code }));
  });

  test('gives names that stay below the workspace, or an error', () => {
    const part = fc.oneof(fc.constantFrom('..', '.', '', 'workspace', 'a', '/'), fc.string({ maxLength: 8 }));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.boolean(), (parts, absolute) => {
        const path = (absolute ? '/workspace/' : '') + parts.join('/');
        let names: string[];
        try {
          names = parseWorkspacePath(path);
        } catch (error) {
          expect(error).toBeInstanceOf(WorkspaceError);
          return;
        }
        for (const name of names) {
          expect(['', '.', '..']).not.toContain(name);
          expect(name).not.toMatch(/[/\0]/);
        }
        expect(parseWorkspacePath(displayPath(names))).toEqual(names);
      }),
    );
  });
});
