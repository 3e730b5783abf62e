import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { limitsMarkdown } from '../../scripts/limits-markdown.ts';

const ROOT = join(import.meta.dirname, '../..');

test('docs/limits.md is what the code says (npm run docs:limits)', () => {
  expect(readFileSync(join(ROOT, 'docs/limits.md'), 'utf8')).toBe(limitsMarkdown());
});

test('every file of limits is in it', () => {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
  const missing = files.filter((file) => {
    // Those are structures that each socket is given.
    return (
      file.endsWith('/limits.ts') &&
      !/^(config|http\/frontend|ws\/gateway|ws\/terminal)\//.test(file) &&
      !limitsMarkdown().includes(`src/${file}`)
    );
  });
  expect(missing).toEqual([]);
});
