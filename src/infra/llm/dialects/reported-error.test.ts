import { expect, test } from 'vitest';
import { watchEventLoop } from '../../../../test/harness/loop-watch.ts';
import { reportedError } from './reported-error.ts';

test.each([
  ['', false],
  ['  None \n', false],
  ['null', false],
  ['the model is busy', true],
])('an error that says %j is one: %j', (error, expected) => {
  expect(reportedError({ error }, '', true) !== null).toBe(expected);
});

test('a megabyte of blanks is looked at in no time', () => {
  const watch = watchEventLoop();
  reportedError({ error: `${' '.repeat(1_000_000)}x` }, '', true);
  expect(watch.stop()).toBeLessThan(100);
});
