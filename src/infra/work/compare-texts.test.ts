import { createTwoFilesPatch, structuredPatch } from 'diff';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_COMPARED_CHARS } from '#domain/history/index.ts';
import { withoutCommonEnds } from './common-ends.ts';
import { createCompareTexts, type RunDiff } from './compare-texts.ts';
import { lineDifference } from './line-diff.ts';

const inPlace: RunDiff = async (job) => ({ ok: true, value: lineDifference(job) });
const never: RunDiff = async () => {
  throw new Error('not expected to be asked');
};
const terms = () => ({ key: 'u', budget: { leftMs: 5000 } });
const pair = (before: string, after: string) => ({ oldName: 'a', newName: 'b', before, after });

const lines = fc
  .array(fc.constantFrom('a', 'b', '', 'cc'), { maxLength: 40 })
  .chain((list) => fc.constantFrom('', '\n').map((end) => list.join('\n') + end));

test('the diff is that of the whole texts, with the lines that they begin and end with', async () => {
  const compare = createCompareTexts(inPlace);
  await fc.assert(
    fc.asyncProperty(lines, lines, lines, lines, async (head, before, after, tail) => {
      const [old, fresh] = [`${head}\n${before}\n${tail}`, `${head}\n${after}\n${tail}`];
      const { additions, removals, diff } = await compare(pair(old, fresh), terms());
      const whole = structuredPatch('a', 'b', old, fresh, '', '', { context: 3 });
      const count = (sign: string) =>
        whole.hunks.flatMap((hunk) => hunk.lines).filter((line) => line.startsWith(sign)).length;
      expect([additions, removals]).toEqual([count('+'), count('-')]);
      expect(applied(old, diff ?? '')).toBe(fresh);
    }),
  );
});

/** What `patch` would make of it: by the hunks' line numbers alone. */
function applied(text: string, diff: string): string {
  const source = text.split('\n');
  const result: string[] = [];
  let at = 0;
  for (const line of diff.split('\n').slice(3, -1)) {
    const hunk = /^@@ -(\d+)(?:,(\d+))? /.exec(line);
    if (hunk) {
      const start = Number(hunk[1]) - (hunk[2] === '0' ? 0 : 1);
      while (at < start) result.push(source[at++] ?? '');
    } else if (line.startsWith('\\')) continue;
    else if (line.startsWith('-')) expect(source[at++]).toBe(line.slice(1));
    else {
      if (line.startsWith(' ')) expect(source[at++]).toBe(line.slice(1));
      result.push(line.slice(1));
    }
  }
  return [...result, ...source.slice(at)].join('\n');
}

test('a small change of a large text is compared at once', async () => {
  const line = `${'x'.repeat(99)}\n`;
  const before = `${line.repeat(20_000)}old\n${line.repeat(20_000)}`;
  const after = before.replace('old', 'new');
  const found = await createCompareTexts(never)(pair(before, after), terms());
  expect(found).toMatchObject({ additions: 1, removals: 1 });
  expect(found.diff).toContain('@@ -19998,7 +19998,7 @@');
});

test('texts of which too much differs are not compared: all lines count as changed', async () => {
  const before = 'a\n'.repeat(MAX_COMPARED_CHARS / 2);
  const found = await createCompareTexts(never)(pair(before, 'b\nc'), terms());
  expect(found).toEqual({ additions: 2, removals: MAX_COMPARED_CHARS / 2, diff: null, refusal: 'too_large' });
});

test('a refusal of the pool is told', async () => {
  const busy: RunDiff = async () => ({ ok: false, reason: 'busy' });
  const before = Array.from({ length: 2000 }, (_, at) => `${at}\n`).join('');
  expect(await createCompareTexts(busy)(pair(before, ''), terms())).toMatchObject({
    diff: null,
    refusal: 'busy',
  });
});

test('texts that are equal or empty have no middle', () => {
  expect(withoutCommonEnds('', '')).toEqual({ before: '', after: '', skippedLines: 0 });
  expect(withoutCommonEnds('a\n', 'a\n').before.length).toBeLessThanOrEqual(2);
  expect(createTwoFilesPatch('a', 'b', 'x', 'x', '', '')).not.toContain('@@');
});
