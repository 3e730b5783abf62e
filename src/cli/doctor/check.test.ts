import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { broken, formatChecks, isWell, lacking, well } from './check.ts';
import { checkDataDirectory, checkNode } from './host-checks.ts';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'crush-doctor-'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

describe('the report', () => {
  test('has one line for each check and a verdict', () => {
    const checks = [well('a', 'fine'), broken('b', 'first\nsecond'), lacking('c', 'missing')];
    expect(formatChecks(checks).split('\n')).toEqual([
      `✓ ${'a'.padEnd(18)} fine`,
      `✗ ${'b'.padEnd(18)} first; second`,
      `✗ ${'c'.padEnd(18)} missing (optional)`,
      '1 to be mended',
      '',
    ]);
  });

  test('is well without what is optional, and not without what is needed', () => {
    expect(isWell([well('a', ''), lacking('b', '')])).toBe(true);
    expect(isWell([well('a', ''), broken('b', '')])).toBe(false);
  });
});

test.each([
  ['18.20.0', false],
  ['20.18.9', false],
  ['20.19.0', true],
  ['22.0.0', true],
])('Node.js %s is %s', (version, ok) => {
  expect(checkNode(version).ok).toBe(ok);
});

describe('the data directory', () => {
  test('is well when it is there or can be made, and nothing is left in it', () => {
    expect(checkDataDirectory(base)).toMatchObject({ ok: true, detail: base });
    expect(checkDataDirectory(join(base, 'a/b'))).toMatchObject({ ok: true });
    expect(readdirSync(base)).toEqual([]);
  });

  test('is not well below a file or where nothing can be made', () => {
    writeFileSync(join(base, 'file'), '');
    expect(checkDataDirectory(join(base, 'file')).ok).toBe(false);
    expect(checkDataDirectory(join(base, 'file/below')).ok).toBe(false);
    expect(checkDataDirectory('/proc/crush').ok).toBe(false);
  });
});
