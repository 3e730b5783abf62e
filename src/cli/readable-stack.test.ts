import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStackReader } from './readable-stack.ts';

let directory = '';
let executable = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'crush-stack-'));
  executable = join(directory, 'crush');
  // Generated line 2: columns 0 to 9 are src/a.ts line 7, what follows belongs to nobody.
  const map = { version: 3, sources: ['src/a.ts'], names: [], mappings: ';AAMA,U;' };
  writeFileSync(`${executable}.map`, JSON.stringify(map));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('a stack of the bundle', () => {
  it('names sources where the map knows them and is left alone elsewhere', () => {
    const read = createStackReader(executable);
    const stack = [
      'Error: boom',
      `    at start (${executable}:2:5)`,
      `    at ${executable}:2:6`,
      `    at foreign (${executable}:2:40)`,
      '    at other (/etc/x:2:5)',
    ].join('\n');
    expect(read(stack).split('\n')).toEqual([
      'Error: boom',
      '    at start (src/a.ts:7:1)',
      '    at src/a.ts:7:1',
      `    at foreign (${executable}:2:40)`,
      '    at other (/etc/x:2:5)',
    ]);
  });

  it('stays as it is without a map, or with one that cannot be read', () => {
    const missing = join(directory, 'other');
    expect(createStackReader(missing)(`    at x (${missing}:1:1)`)).toBe(`    at x (${missing}:1:1)`);
    writeFileSync(`${missing}.map`, 'no JSON');
    expect(createStackReader(missing)(`    at x (${missing}:1:1)`)).toBe(`    at x (${missing}:1:1)`);
  });
});
