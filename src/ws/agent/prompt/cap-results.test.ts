import fc from 'fast-check';
import { expect, test } from 'vitest';
import { capResults } from './cap-results.ts';

const toolMessage = (...texts: string[]) => ({
  role: 'tool' as const,
  results: texts.map((text, at) => ({ toolCallId: `${at}`, toolName: 't', text, isError: false })),
});

const textsOf = (message: ReturnType<typeof capResults>) =>
  message.role === 'tool' ? message.results.map(({ text }) => text) : [];

test('short results are sent whole, long ones share the rest and say what is missing', () => {
  const [short, ...long] = textsOf(capResults(toolMessage('abc', 'x'.repeat(900), 'y'.repeat(700)), 1003));
  expect(short).toBe('abc');
  expect(long[0]?.startsWith(`${'x'.repeat(500)}\n[400 characters are left out`)).toBe(true);
  expect(long[1]?.startsWith(`${'y'.repeat(500)}\n[200 characters are left out`)).toBe(true);
});

test('the results of a step stay within their limit and its hints', () => {
  const texts = fc.array(
    fc.nat(5000).map((length) => 'x'.repeat(length)),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(texts, fc.integer({ min: 100, max: 10_000 }), (given, limit) => {
      const sent = textsOf(capResults(toolMessage(...given), limit));
      const sum = (all: string[]) =>
        all.reduce((total, text) => total + text.replace(/\n\[.*/, '').length, 0);
      expect(sum(sent)).toBeLessThanOrEqual(limit);
      if (sum(given) <= limit) expect(sent).toEqual(given);
    }),
  );
});
