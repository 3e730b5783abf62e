import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ConversationState,
  emptyConversation,
  type ReceivedFrame,
  textOf,
} from './conversation-state.ts';
import { applyFrame, applyHistory, beginAttach } from './reducer.ts';

const SESSION = 'session-1';
const EPOCH = 'abcdefghijklmnop';
const at = (seq: number) => `${EPOCH}-${seq}`;

const assistant = (id: string, text: string, finished = false): ReceivedFrame => ({
  Type: 'message',
  session_id: SESSION,
  ID: id,
  Role: 'assistant',
  SessionID: SESSION,
  Parts: [
    { type: 'text', text },
    ...(finished ? [{ type: 'finish' as const, reason: 'end_turn' as const, time: 1 }] : []),
  ],
  Model: 'm',
  Provider: 'p',
  CreatedAt: 1,
  UpdatedAt: 1,
  IsSummaryMessage: false,
});
const delta = (id: string, content: string): ReceivedFrame => ({
  Type: 'stream_delta',
  session_id: SESSION,
  message_id: id,
  delta_type: 'text',
  content,
  timestamp: 1,
});
const toolCall = (id: string, status: 'running' | 'completed'): ReceivedFrame => ({
  Type: 'tool_call_update',
  id,
  session_id: SESSION,
  name: 'bash',
  status,
  is_error: false,
  created_at: 1,
  updated_at: 1,
});
const request = (id: string): ReceivedFrame => ({
  Type: 'permission_request',
  id: `request-${id}`,
  session_id: SESSION,
  tool_call_id: id,
  tool_name: 'bash',
  description: '',
  action: 'execute',
  params: {},
  path: '/',
  expires_at: null,
});
const answered = (id: string): ReceivedFrame => ({
  Type: 'permission_notification',
  session_id: SESSION,
  tool_call_id: id,
  granted: true,
  denied: false,
});
const complete = (turn: string): ReceivedFrame => ({
  Type: 'generation_complete',
  session_id: SESSION,
  turn_id: turn,
  status: 'completed',
});
const attachedAt = (cursor: string, resumed: boolean): ReceivedFrame => ({
  Type: 'reconnection_status',
  session_id: SESSION,
  messages_replayed: 0,
  generation_active: false,
  session_status: '',
  is_running: false,
  last_stream_id: cursor,
  resumed,
});

const id = fc.constantFrom('a', 'b');
const event: fc.Arbitrary<ReceivedFrame> = fc.oneof(
  fc.tuple(id, fc.string(), fc.boolean()).map(([name, text, end]) => assistant(name, text, end)),
  fc.tuple(id, fc.string()).map(([name, text]) => delta(name, text)),
  fc
    .tuple(id, fc.constantFrom('running' as const, 'completed' as const))
    .map(([name, s]) => toolCall(name, s)),
  id.map(request),
  id.map(answered),
  id.map(complete),
);
const log = fc
  .array(event, { maxLength: 40 })
  .map((events) => events.map((frame, index) => ({ ...frame, _streamId: at(index + 1) })));
const play = (frames: readonly ReceivedFrame[], from = emptyConversation(SESSION)) =>
  frames.reduce(applyFrame, from);

/** What is known, without how it is kept. */
function plain({ messages, toolCalls, changed: _, ahead, ...rest }: ConversationState) {
  return {
    ...rest,
    ahead: [...ahead],
    messages: new Map([...messages.values()].map((view) => [view.ID, view])),
    toolCalls: new Map([...toolCalls.values()].map((view) => [view.id, view])),
  };
}

/** The frames of a snapshot of this state, without positions. */
function snapshotOf(state: ConversationState): ReceivedFrame[] {
  return [
    ...[...state.messages.values()].map((view): ReceivedFrame => {
      const { _streamId, ...rest } = { _streamId: '', ...view };
      return { ...rest, Type: 'message', session_id: SESSION };
    }),
    ...[...state.toolCalls.values()].map(
      ({ ...view }): ReceivedFrame => ({ ...view, Type: 'tool_call_update', ...{ _streamId: undefined } }),
    ),
    ...[...state.permissions.values()].map(
      ({ ...view }): ReceivedFrame => ({ ...view, Type: 'permission_request', ...{ _streamId: undefined } }),
    ),
    { ...attachedAt(state.cursor || at(0), false), is_running: state.isRunning } as ReceivedFrame,
  ];
}

/** Values as frames carry them: what a frame had besides the view does not count. */
function facts(state: ConversationState) {
  const { messages, toolCalls, permissions, cursor, isRunning } = plain(state);
  return {
    cursor,
    isRunning,
    texts: new Map([...messages].map(([id, view]) => [id, view.Parts])),
    calls: new Map([...toolCalls].map(([id, view]) => [id, view.status])),
    questions: new Set(permissions.keys()),
  };
}

/** A call's question belongs to the call; the end of a turn to all. */
function subjectOf(frame: ReceivedFrame): string {
  if (frame.Type === 'message') return `message ${frame.ID}`;
  if (frame.Type === 'stream_delta') return `message ${frame.message_id}`;
  return 'calls and turns';
}

describe('the reducer', () => {
  it('applies an event twice as if once', () => {
    fc.assert(
      fc.property(log, (frames) => {
        expect(plain(play(frames.flatMap((frame) => [frame, frame])))).toEqual(plain(play(frames)));
      }),
    );
  });

  it('ends in the same state when a resume repeats any part of the log', () => {
    fc.assert(
      fc.property(log, fc.nat(), fc.nat(), (frames, cut, back) => {
        const end = cut % (frames.length + 1);
        const start = back % (end + 1);
        const resumed = [...frames.slice(0, end), ...frames.slice(start)];
        expect(plain(play(resumed))).toEqual(plain(play(frames)));
      }),
    );
  });

  it('keeps the text of a delta that follows the snapshot and drops one that the snapshot holds', () => {
    const frames = [
      { ...assistant('a', 'Hello'), _streamId: at(5) },
      attachedAt(at(5), false),
      { ...delta('a', 'lo'), _streamId: at(5) },
      { ...delta('a', ', you'), _streamId: at(6) },
    ];
    const message = play(frames).messages.get('a');
    expect(message && textOf(message)).toBe('Hello, you');
  });

  it('accepts a snapshot of several frames without positions', () => {
    const state = play([
      { ...delta('b', 'x'), _streamId: at(9) },
      assistant('a', 'one'),
      toolCall('t', 'running'),
      request('t'),
      attachedAt(at(12), false),
    ]);
    expect([state.messages.size, state.toolCalls.size, state.permissions.size]).toEqual([2, 1, 1]);
    expect(state.cursor).toBe(at(12));
  });

  it('ends in the same state in whatever order events of different things come', () => {
    const order = fc.infiniteStream(fc.nat());
    fc.assert(
      fc.property(log, order, (frames, picks) => {
        // One queue for each thing that events speak of; the queues are emptied in any order.
        const queues = new Map<string, ReceivedFrame[]>();
        for (const frame of frames) {
          const key = subjectOf(frame);
          queues.set(key, [...(queues.get(key) ?? []), frame]);
        }
        const shuffled: ReceivedFrame[] = [];
        const open = [...queues.values()];
        while (open.some((queue) => queue.length > 0)) {
          const filled = open.filter((queue) => queue.length > 0);
          const next = filled[picks.next().value % filled.length]?.shift();
          if (next) shuffled.push(next);
        }
        const start = applyFrame(emptyConversation(SESSION), attachedAt(at(0), false));
        expect(facts(play(shuffled, start))).toEqual(facts(play(frames, start)));
      }),
    );
  });

  it('ends in the same state after losing any events, once a snapshot has told them', () => {
    fc.assert(
      fc.property(log, fc.nat(), fc.infiniteStream(fc.boolean()), (frames, cut, lost) => {
        const end = cut % (frames.length + 1);
        const start = applyFrame(emptyConversation(SESSION), attachedAt(at(0), false));
        const whole = play(frames.slice(0, end), start);
        const holed = play(
          frames.slice(0, end).filter(() => !lost.next().value),
          start,
        );
        const mended = play(snapshotOf(whole), beginAttach(holed));
        const rest = frames.slice(end);
        expect(facts(play(rest, mended))).toEqual(facts(play(rest, whole)));
      }),
    );
  });

  it('keeps the place of a hole, so that a resume fills it', () => {
    const start = applyFrame(emptyConversation(SESSION), attachedAt(at(1), false));
    const events = [delta('a', 'x'), delta('b', 'y'), delta('c', 'z')].map((frame, index) => ({
      ...frame,
      _streamId: at(index + 2),
    }));
    const [first, second, third] = events;
    if (!first || !second || !third) throw new Error('no events');
    const holed = play([first, third], start);
    expect(holed.cursor).toBe(at(2));
    const filled = play([second, third], holed);
    expect(filled.cursor).toBe(at(4));
    expect([...filled.messages.values()].map(textOf)).toEqual(['x', 'z', 'y']);
  });

  it('says what a frame has changed, and leaves the rest as the objects that they were', () => {
    const before = play([assistant('a', 'one'), assistant('b', 'two'), toolCall('t', 'running')]);
    const after = applyFrame(before, delta('b', '!'));
    const appended = { to: before.messages.get('b'), text: '!' };
    expect(after.changed).toEqual({ messages: ['b'], toolCalls: [], appended });
    expect(after.changed.appended?.to).toBe(before.messages.get('b'));
    expect(after.messages.get('a')).toBe(before.messages.get('a'));
    expect(after.messages.get('b')).not.toBe(before.messages.get('b'));
    expect(after.toolCalls.get('t')).toBe(before.toolCalls.get('t'));
    expect(applyFrame(after, attachedAt(at(1), true)).changed).toEqual({ messages: [], toolCalls: [] });
  });

  it('shows stored messages before what only the stream has told of', () => {
    const stored = ['a', 'b'].map((name) => assistant(name, name, true));
    const history = stored.flatMap((frame) => (frame.Type === 'message' ? [frame] : []));
    const state = applyHistory(play([assistant('z', 'live'), assistant('b', 'b', true)]), history);
    expect([...state.messages.values()].map(({ ID }) => ID)).toEqual(['a', 'b', 'z']);
    expect(state.changed.messages).toEqual(['a', 'b']);
  });

  it('follows a change of epoch', () => {
    const state = play([
      { ...delta('a', 'old'), _streamId: at(100) },
      { ...assistant('a', 'new'), _streamId: 'zyxwvutsrqponmlk-1' },
      { ...delta('a', '!'), _streamId: 'zyxwvutsrqponmlk-2' },
    ]);
    const message = state.messages.get('a');
    expect(message && textOf(message)).toBe('new!');
    expect(state.cursor).toBe('zyxwvutsrqponmlk-2');
  });

  it('takes the position that an attach states', () => {
    expect(play([attachedAt(at(7), false)]).cursor).toBe(at(7));
  });

  it('drops questions that a snapshot no longer names and keeps them on a resume', () => {
    const asked = play([request('a'), request('b')]);
    const snapshot = [request('b'), attachedAt(at(3), false)].reduce(applyFrame, beginAttach(asked));
    expect([...snapshot.permissions.keys()]).toEqual(['b']);
    const resumed = applyFrame(beginAttach(asked), attachedAt(at(3), true));
    expect([...resumed.permissions.keys()]).toEqual(['a', 'b']);
  });

  it('drops a question once it is answered or its call is over', () => {
    expect(play([request('a'), answered('a')]).permissions.size).toBe(0);
    expect(play([request('a'), toolCall('a', 'completed')]).permissions.size).toBe(0);
    expect(play([request('a'), { ...answered('a'), granted: false } as ReceivedFrame]).permissions.size).toBe(
      1,
    );
  });

  it('learns of the end of a turn from a replay that a snapshot has overtaken', () => {
    const state = play([attachedAt(at(9), false), { ...complete('turn'), _streamId: at(4) }]);
    expect(state.outcomes.get('turn')).toEqual({ status: 'completed', error: undefined });
    expect(state.cursor).toBe(at(9));
  });

  it('ignores events of other sessions', () => {
    const before = emptyConversation(SESSION);
    expect(applyFrame(before, { ...delta('a', 'x'), session_id: 'other' } as ReceivedFrame)).toBe(before);
  });

  it('collects tool calls and their input from deltas', () => {
    const base = { ...delta('a', ''), tool_call_id: 't', tool_call_name: 'bash' };
    const state = play([
      { ...base, delta_type: 'tool_call' } as ReceivedFrame,
      { ...base, delta_type: 'tool_call_input', content: '{"command"' } as ReceivedFrame,
      { ...base, delta_type: 'tool_call_input', content: ':"ls"}' } as ReceivedFrame,
    ]);
    expect(state.messages.get('a')?.Parts).toEqual([
      { type: 'tool_call', id: 't', name: 'bash', input: '{"command":"ls"}', finished: false },
    ]);
  });

  it('adds no delta to a message that history showed as finished', () => {
    const stored = assistant('a', 'whole', true);
    if (stored.Type !== 'message') throw new Error('not a message');
    const state = applyFrame(applyHistory(emptyConversation(SESSION), [stored]), delta('a', ' twice'));
    const message = state.messages.get('a');
    expect(message && textOf(message)).toBe('whole');
  });

  it('leaves an unfinished stored message to the stream', () => {
    const stored = assistant('a', 'par');
    if (stored.Type !== 'message') throw new Error('not a message');
    expect(applyHistory(emptyConversation(SESSION), [stored]).messages.size).toBe(0);
  });

  it('ends a tool call by its stored result when its own update was missed', () => {
    const result = { type: 'tool_result', tool_call_id: 't', name: 'bash', content: 'out', is_error: false };
    const state = play([
      toolCall('t', 'running'),
      { ...assistant('m', ''), Role: 'tool', Parts: [result] } as ReceivedFrame,
    ]);
    expect(state.toolCalls.get('t')).toMatchObject({ status: 'completed', result: 'out' });
  });
});
