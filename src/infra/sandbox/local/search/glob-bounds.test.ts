import picomatch from 'picomatch';
import { describe, expect, test } from 'vitest';
import { boundsOf, outsideGlobs, UNBOUNDED } from './glob-bounds.ts';

describe('boundsOf', () => {
  test('a plain glob tells its directories, its last names and its depth', () => {
    expect(boundsOf('src/app/*.ts')).toEqual({ directories: ['src', 'app'], names: ['*.ts'], depth: 3 });
    expect(boundsOf('./src/**/x-?.{ts,d.ts}')).toEqual({
      directories: ['src'],
      names: ['x-*.{ts,d.ts}', 'x-*.[{]ts,d.ts[}]'],
      depth: 0,
    });
    expect(boundsOf('README.md')).toEqual({ directories: [], names: ['README.md'], depth: 1 });
  });

  test('a name of wildcards only is any name', () => {
    expect(boundsOf('**')).toEqual(UNBOUNDED);
    expect(boundsOf('a/**/*')).toEqual({ directories: ['a'], names: [], depth: 0 });
    expect(boundsOf('a/b**')).toEqual({ directories: ['a'], names: [], depth: 0 });
  });

  test.each([
    '!src/x.ts',
    '{a/b,c/d}.ts',
    '{a,b}/c.ts',
    'src/a|b',
    'src/@(a|b).ts',
    'src/[ab].ts',
    'src/{a..c}.ts',
    'src/a\\*b',
    'src/',
    'src/+(x).ts',
    'src/{a,b}{c,d}.ts',
  ])('nothing is told of %s, which may mean more than it says', (pattern) => {
    expect(boundsOf(pattern)).toEqual(UNBOUNDED);
  });

  test('hidden, long and many directories are not told', () => {
    expect(boundsOf('.git/x/y.ts').directories).toEqual([]);
    expect(boundsOf(`${'n'.repeat(65)}/y.ts`).directories).toEqual([]);
    expect(boundsOf('a/b/c/d/e/f/y.ts').directories).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('outsideGlobs', () => {
  const matches = (paths: string[], globs: string[]) =>
    paths.filter((path) => picomatch.isMatch(`/${path}`, globs, { dot: true, posix: true }));

  test('every other name of the level is outside, and nothing else', () => {
    const globs = outsideGlobs([], ['ab-1']);
    const outside = ['a', 'ab', 'ab-', 'ab-2', 'ab-12', 'b', 'xab-1', '.ab-1', 'éab'];
    expect(matches([...outside, 'ab-1', 'ab-1/x', 'ab-1/ab', 'x/ab'], globs)).toEqual(outside);
  });

  test('deeper levels are told from the workspace', () => {
    const globs = outsideGlobs(['top'], ['a', 'b']);
    const outside = ['top/b', 'top/a/a', 'top/a/bb'];
    expect(matches([...outside, 'b', 'top', 'top/a', 'top/a/b', 'top/a/b/c'], globs)).toEqual(outside);
  });

  test('a start with special characters is not narrowed', () => {
    expect(outsideGlobs(['[x]'], ['a'])).toEqual([]);
  });
});
