import { expect, test } from 'vitest';
import { MAX_ANSWER_CALLS } from '#domain/provider/limits.ts';
import { type CallPiece, createCallTracker } from './chat-calls.ts';

test('of calls without number one more than is taken comes out', () => {
  const pieces: CallPiece[] = [];
  const tracker = createCallTracker(
    (piece) => pieces.push(piece),
    () => 'id',
  );
  for (let index = 0; index < 12_000; index += 1) {
    tracker.add({ index, id: `c${index}`, function: { name: 'ls', arguments: '{}' } });
  }
  tracker.flush();
  expect(tracker.count()).toBe(MAX_ANSWER_CALLS + 1);
  expect(pieces).toHaveLength(MAX_ANSWER_CALLS + 1);
});
