import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compilePathGlob } from './glob.ts';

const matches = (pattern: string, path: string) =>
  compilePathGlob(pattern, { alternatives: true, dot: false }).matches(path);

describe('stands for', () => {
  test.each([
    ['*.ts', 'a.ts'],
    ['*.ts', 'a.b.ts'],
    ['**', 'a/b/c'],
    ['**/*.ts', 'a.ts'],
    ['**/*.ts', 'a/b/c.ts'],
    ['src/**', 'src/a/b'],
    ['src/**/x', 'src/x'],
    ['src/**/x', 'src/a/b/x'],
    ['**/a/**/b', 'x/a/y/a/z/b'],
    ['./src/*.ts', 'src/a.ts'],
    ['/src/*.ts', 'src/a.ts'],
    ['a?c', 'abc'],
    ['a?c', 'aéc'],
    ['[ab].ts', 'b.ts'],
    ['[a-c]x', 'bx'],
    ['[!a-c]x', 'dx'],
    ['[^a]x', 'bx'],
    ['[]]x', ']x'],
    ['x{a,b}.{ts,js}', 'xb.js'],
    ['{a,b{c,d}}', 'bd'],
    ['{src/a,lib}/x', 'src/a/x'],
    ['a**b', 'axxb'],
    ['\\*.ts', '*.ts'],
    ['a\\[b', 'a[b'],
    ['caf\u00e9/*', 'cafe\u0301/x'],
    ['cafe\u0301', 'caf\u00e9'],
    ['a\nb*', 'a\nbc'],
  ])('%j stands for %j', (pattern, path) => {
    expect(matches(pattern, path)).toBe(true);
  });

  test.each([
    ['*.ts', 'src/a.ts'],
    ['src/*', 'src/a/b'],
    ['src/**', 'src'],
    ['**', '.git/config'],
    ['**/*', 'a/.env'],
    ['*', '.env'],
    ['?env', '.env'],
    ['[.]env', '.env'],
    ['a/**/b', 'a/.x/b'],
    ['a?c', 'a/c'],
    ['[!a]x', 'ax'],
    ['a', 'A'],
    ['\\*.ts', 'a.ts'],
    ['*.ts', 'a.tsx'],
    ['{a,b}', 'c'],
  ])('%j does not stand for %j', (pattern, path) => {
    expect(matches(pattern, path)).toBe(false);
  });
});

describe('characters without a meaning stand for themselves', () => {
  test.each([
    ['app/(auth)/**', 'app/(auth)/login/page.tsx'],
    ['**/(auth)/*.tsx', 'app/(auth)/page.tsx'],
    ['src/routes/(app)/*.svelte', 'src/routes/(app)/+page.svelte'],
    ['src/routes/**/+page*.svelte', 'src/routes/a/+page@(app).svelte'],
    ['src/routes/+page@(app).svelte', 'src/routes/+page@(app).svelte'],
    ['app/[slug]/*.tsx', 'app/[slug]/page.tsx'],
    ['app/[...slug]/*', 'app/[...slug]/page.tsx'],
    ['app/[[...slug]]/page.*', 'app/[[...slug]]/page.tsx'],
    ['app/**/[id]/*', 'app/x/[id]/route.ts'],
    ['app/@slot/*', 'app/@slot/page.tsx'],
    ['app/(.)photo/*', 'app/(.)photo/page.tsx'],
    ['app/(..)(..)photo/*', 'app/(..)(..)photo/page.tsx'],
    ['!important/*', '!important/a'],
    ['a+(b)/*', 'a+(b)/c'],
    ['@(a|b)/*', '@(a|b)/c'],
    ['a|b*', 'a|bc'],
    ['$x^y/*', '$x^y/z'],
    ['#x/*', '#x/y'],
    ['a{b}c*', 'a{b}cd'],
    ['{1..3}', '{1..3}'],
    ['x{a,b', 'x{a,b'],
    ['a[b', 'a[b'],
    ['{{x}}*', '{{x}}y'],
    ['{a,b}', '{a,b}'],
  ])('%j is the name in %j', (pattern, path) => {
    expect(matches(pattern, path)).toBe(true);
  });
});

test('tells the directories and the depth that every match has', () => {
  const of = (pattern: string) => {
    const { prefix, depth } = compilePathGlob(pattern, { alternatives: true, dot: false });
    return { prefix, depth };
  };
  expect(of('src/(app)/*.ts')).toEqual({ prefix: ['src', '(app)'], depth: 3 });
  expect(of('src/**/*.ts')).toEqual({ prefix: ['src'], depth: 0 });
  expect(of('{a,b/c}/x')).toEqual({ prefix: [], depth: 3 });
  expect(of('.github/workflows/*.yml')).toEqual({ prefix: ['.github', 'workflows'], depth: 3 });
});

test('names parts in full, and hidden ones by their dot', () => {
  const { names } = compilePathGlob('**/{dist,.env*}/package-lock.json', { alternatives: true, dot: true });
  expect(['dist', '.env', '.env.local', 'package-lock.json'].map(names)).toEqual([true, true, true, true]);
  expect(['node_modules', '.git', 'x'].map(names)).toEqual([false, false, false]);
});

test('a name with its special characters escaped stands for itself and nothing else', () => {
  const name = fc.string({ minLength: 1, unit: fc.constantFrom(...'ab.*?[]{}()!+@|\\^$,-') });
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 3 }), name, (parts, other) => {
      fc.pre(parts.every((part) => part !== '.' && part !== '**'));
      const path = parts.join('/');
      const escaped = path.replace(/[*?[\]{},\\]/g, '\\$&');
      expect(matches(escaped, path)).toBe(true);
      expect(matches(path, path)).toBe(true);
      const last = parts.at(-1) ?? '';
      if (other !== last) expect(matches(escaped, [...parts.slice(0, -1), other].join('/'))).toBe(false);
    }),
  );
});

test.each([
  ['*a'.repeat(2000), 'a'.repeat(255)],
  ['**/'.repeat(1300), `${'a/'.repeat(2000)}b`],
  ['**/*a*/'.repeat(500), `${'aab/'.repeat(1000)}c`],
  [`${'{a,b}'.repeat(800)}c`, 'a'.repeat(255)],
  ['{'.repeat(4000), '{'.repeat(255)],
  ['[a]'.repeat(1300), 'a'.repeat(255)],
  ['{*a,*b}'.repeat(500), 'a'.repeat(255)],
])('the work for %.20s… is bounded', (pattern, path) => {
  expect(matches(pattern, path)).toBe(false);
});
