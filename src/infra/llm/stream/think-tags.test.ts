import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createThinkSplitter } from './think-tags.ts';

/** What an answer comes to, in whatever pieces it came. */
function read(...pieces: string[]): { text: string; reasoning: string } {
  const splitter = createThinkSplitter();
  let text = '';
  let reasoning = '';
  for (const event of [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.flush()]) {
    if (event.type === 'text') text += event.text;
    if (event.type === 'reasoning') reasoning += event.text;
    if (event.type === 'text_was_reasoning') {
      reasoning += text;
      text = '';
    }
  }
  return { text, reasoning };
}

const ANSWERS: [string, string, string][] = [
  ['<think>hm</think>answer', 'hm', 'answer'],
  ['\n<think>\nhm\n</think>\n\nanswer', 'hm\n', 'answer'],
  ['<thinking>hm</thinking> answer', 'hm', 'answer'],
  ['[THINK]hm[/THINK]answer', 'hm', 'answer'],
  ['<think>a</think><think>b</think>c', 'ab', 'c'],
  ['<think></think>answer', '', 'answer'],
  ['<think>never closed', 'never closed', ''],
  ['hm</think>answer', 'hm', 'answer'],
  ['hm\n</think>\n\nanswer', 'hm\n', 'answer'],
  ['the `</think>` tag', '', 'the `</think>` tag'],
  ['a </think> in a sentence', '', 'a </think> in a sentence'],
  ['```\nx</think>\n```', '', '```\nx</think>\n```'],
  ['say <think> here', '', 'say <think> here'],
  ['a < b', '', 'a < b'],
  ['<thin', '', '<thin'],
  ['', '', ''],
];

test.each(ANSWERS)('%j', (answer, reasoning, text) => {
  expect(read(answer)).toEqual({ reasoning, text });
});

test('it does not matter where the pieces are cut', () => {
  fc.assert(
    fc.property(fc.constantFrom(...ANSWERS), fc.array(fc.nat(40)), ([answer, reasoning, text], cuts) => {
      const at = [0, ...cuts.filter((cut) => cut < answer.length).sort((a, b) => a - b), answer.length];
      const pieces = at.slice(1).map((end, index) => answer.slice(at[index], end));
      const found = read(...pieces);
      expect(found.text).toBe(text);
      expect(found.reasoning.trim()).toBe(reasoning.trim());
    }),
  );
});

test('nothing gets lost', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('<think>', '</think>', '<', 'a', ' ', '`', '\n')), (pieces) => {
      const { text, reasoning } = read(...pieces);
      const kept = (value: string): string => value.replace(/<\/?think>|\s/g, '');
      expect(kept(reasoning + text)).toBe(kept(pieces.join('')));
    }),
  );
});

test('a closing tag is text once reasoning came in a field of its own', () => {
  const splitter = createThinkSplitter();
  splitter.noteReasoning();
  expect([...splitter.push('a</think>b'), ...splitter.flush()]).toEqual([
    { type: 'text', text: 'a</think>b' },
  ]);
});
