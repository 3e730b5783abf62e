import { describe, expect, test } from 'vitest';
import type { Cursor, ReadResult, SessionEvent } from '../events/event-log.ts';
import type { SessionFrame } from '../protocol/session-frames.ts';
import type { Message, MessagePart } from './message.ts';
import { addStreamedText } from './streamed-text.ts';
import { toMessageView } from './wire.ts';

const EPOCH = 'abcdefghijklmnop';
const SESSION = '0198c0de-0000-7000-8000-000000000001';
const ID = '0198c0de-0000-7000-8000-000000000002';
const stamp = (seq: number, epoch = EPOCH) => `${epoch}-${seq}`;
const text = (value: string): MessagePart[] => (value === '' ? [] : [{ type: 'text', text: value }]);

function row(fields: Partial<Message> = {}): Message {
  const fixed = { id: ID, sessionId: SESSION, turnNumber: 1, index: 1, role: 'assistant' } as const;
  const rest = { model: '', provider: '', isSummary: false, finishedAt: null, createdAt: 1, updatedAt: 1 };
  return { ...fixed, ...rest, parts: [], appliedCursor: null, ...fields };
}
const announced = (fields: Partial<Message> = {}): SessionFrame => ({
  Type: 'message',
  session_id: SESSION,
  ...toMessageView(row(fields)),
});
const delta = (content: string, id = ID): SessionFrame => ({
  Type: 'stream_delta',
  session_id: SESSION,
  message_id: id,
  delta_type: 'text',
  content,
  timestamp: 1,
});
const noise: SessionFrame = {
  Type: 'session_status',
  session_id: SESSION,
  status: 'running',
  is_running: true,
};

/** A log that holds these frames from `first` on, and counts what is read. */
function logOf(frames: readonly SessionFrame[], first = 1) {
  const reads: Cursor[] = [];
  return {
    reads,
    async read(_session: string, after: Cursor, limit: number): Promise<ReadResult> {
      reads.push(after);
      if (after.epoch !== EPOCH) return { ok: false, reason: 'other_epoch' };
      if (after.seq + 1 < first) return { ok: false, reason: 'trimmed' };
      const events = frames.slice(after.seq, after.seq + limit).map(
        (frame, at): SessionEvent => ({
          cursor: { epoch: EPOCH, seq: after.seq + 1 + at },
          body: JSON.stringify(frame),
        }),
      );
      return { ok: true, events };
    },
  };
}

async function look(log: ReturnType<typeof logOf>, messages: Message[], seq: number, maxEvents = 5000) {
  const limits = { maxEvents, maxChars: 1_000_000 };
  const position = { epoch: EPOCH, seq };
  const found = await addStreamedText(log, { sessionId: SESSION, position, messages, ...limits });
  const shown = found?.messages.map(({ message, evidence }) => [
    evidence,
    message.parts.map((part) => (part.type === 'text' ? part.text : part.type)).join('|'),
  ]);
  return found && { seq: found.position.seq, shown };
}

const stream = [announced(), delta('a'), delta('b'), noise, delta('c'), delta('d')];

describe('the text of an unfinished message', () => {
  test('goes on from a row that is stamped in this epoch', async () => {
    const messages = [row({ parts: text('ab'), appliedCursor: stamp(3) })];
    expect(await look(logOf(stream), messages, 6)).toEqual({ seq: 6, shown: [['proven', 'abcd']] });
  });

  test('begins at its announcement when the row has no stamp, whatever the row holds', async () => {
    for (const parts of [[], text('ab')]) {
      expect(await look(logOf(stream), [row({ parts })], 6)).toEqual({ seq: 6, shown: [['proven', 'abcd']] });
    }
  });

  test('is looked for near the head first', async () => {
    const frames = [...Array.from({ length: 1000 }, () => noise), ...stream];
    const log = logOf(frames);
    expect(await look(log, [row()], 1006)).toMatchObject({ shown: [['proven', 'abcd']] });
    expect(log.reads.map(({ seq }) => seq)).toEqual([750]);
    const far = logOf([...stream, ...Array.from({ length: 1000 }, () => noise)]);
    expect(await look(far, [row()], 1006)).toMatchObject({ shown: [['proven', 'abcd']] });
  });

  test('follows an event that tells it anew', async () => {
    const frames = [...stream, announced({ parts: text('whole') }), delta('!')];
    const stamped = row({ parts: text('ab'), appliedCursor: stamp(3) });
    expect(await look(logOf(frames), [stamped], 8)).toMatchObject({ shown: [['proven', 'whole!']] });
  });

  test('is torn when deltas of another epoch are missing, and silent when this epoch has none', async () => {
    const old = row({ parts: text('ab'), appliedCursor: stamp(70, 'zyxwvutsrqponmlk') });
    expect(await look(logOf([noise, delta('d')]), [old], 2)).toEqual({ seq: 2, shown: [['torn', 'ab']] });
    expect(await look(logOf([noise, noise]), [old], 2)).toEqual({ seq: 2, shown: [['silent', 'ab']] });
    expect(await look(logOf([]), [old], 0)).toEqual({ seq: 0, shown: [['silent', 'ab']] });
  });

  test('is torn when its beginning is no longer in the log', async () => {
    expect(await look(logOf(stream, 4), [row()], 6)).toMatchObject({ shown: [['torn', '']] });
    const late = row({ parts: text('a'), appliedCursor: stamp(2) });
    expect(await look(logOf(stream, 4), [late], 6)).toMatchObject({ shown: [['torn', 'a']] });
    const near = row({ parts: text('ab'), appliedCursor: stamp(3) });
    expect(await look(logOf(stream, 4), [near], 6)).toMatchObject({ shown: [['proven', 'abcd']] });
  });

  test('of one does not depend on that of another', async () => {
    const other = row({ id: ID.replace(/2$/, '3'), appliedCursor: stamp(2), parts: text('x') });
    const frames = [announced(), delta('a'), delta('y', other.id), delta('b')];
    expect(await look(logOf(frames, 3), [row(), other], 4)).toMatchObject({
      shown: [
        ['torn', ''],
        ['proven', 'xy'],
      ],
    });
  });

  test('reaches as far as the newest row, for all', async () => {
    const ahead = row({ id: ID.replace(/2$/, '3'), appliedCursor: stamp(6), parts: text('x') });
    expect(await look(logOf(stream), [row(), ahead], 2)).toEqual({
      seq: 6,
      shown: [
        ['proven', 'abcd'],
        ['proven', 'x'],
      ],
    });
  });

  test('is not looked for further back than allowed', async () => {
    const frames = [...stream, ...Array.from({ length: 100 }, () => noise)];
    const log = logOf(frames);
    expect(await look(log, [row()], 106, 50)).toMatchObject({ shown: [['torn', '']] });
    expect(Math.min(...log.reads.map(({ seq }) => seq))).toBe(56);
  });

  test('cannot be told when the epoch has changed meanwhile', async () => {
    const position = { epoch: 'zyxwvutsrqponmlk', seq: 3 };
    const input = { sessionId: SESSION, position, messages: [row()], maxEvents: 10, maxChars: 10 };
    expect(await addStreamedText(logOf(stream), input)).toBeNull();
  });
});
