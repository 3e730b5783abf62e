import { expect, test } from 'vitest';
import { fuzzWork } from '../harness/work-fuzz.ts';

test('nothing that others size holds up the event loop (npm run test:fuzz:work for more)', () => {
  const seed = Math.floor(Math.random() * 1e9);
  expect({ seed, slow: fuzzWork({ seed, runs: 450, slack: 5 }) }).toEqual({ seed, slow: [] });
});
