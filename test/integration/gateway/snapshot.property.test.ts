import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Repositories } from '#domain/context.ts';
import type { EventLog } from '#domain/events/index.ts';
import { formatCursor } from '#domain/events/index.ts';
import { type Message, type MessagePart, toMessageView } from '#domain/message/index.ts';
import type { SessionFrame } from '#domain/protocol/index.ts';
import { applyDelta } from '#domain/protocol/index.ts';
import { createSerialQueue } from '#shared/async/serial-queue.ts';
import { systemClock } from '#shared/clock.ts';
import { newId } from '#shared/ids.ts';
import { silentLog } from '#shared/log.ts';
import { buildSnapshot, type SnapshotContext } from '#ws/gateway/stream/snapshot.ts';
import { createMemoryEventLog } from '../../../src/infra/memory/index.ts';
import { newMessage, newProject, newSession } from '../postgres/records.ts';

type Step =
  | 'begin'
  | 'text'
  | 'reasoning'
  | 'call'
  | 'input'
  | 'flush'
  | 'write'
  | 'store'
  | 'finish'
  | 'noise'
  | 'swap'
  | 'epoch';

const often = (step: Step, times: number) => Array.from({ length: times }, () => step);
const STEADY: Step[] = [
  'begin',
  ...often('text', 4),
  'reasoning',
  'call',
  'input',
  ...often('flush', 3),
  'write',
  'write',
  'store',
  'store',
  'finish',
  'noise',
  'swap',
  'swap',
];
const steady = fc.constantFrom<Step>(...STEADY);
/** With a log that forgets all and begins anew, as after the loss of its store, and rows that lag far behind. */
const restless = fc.constantFrom<Step>(
  ...STEADY,
  ...often('text', 16),
  ...often('flush', 10),
  'epoch',
  'epoch',
);

/**
 * A turn's owner as the log and the database see it. What it says waits in a queue until the log has taken it; what
 * it writes reaches the database later than it was taken, stamped with the position that the log had confirmed; a
 * row is there before its announcement is.
 */
function createWriter(log: EventLog) {
  const session = newSession(newProject(newId()));
  const rows = new Map<string, Message>();
  /** The whole of each message, as its writer knows it. */
  const truth = new Map<string, MessagePart[]>();
  type Open = { id: string } | null;
  let current: Open = null;
  /** A second message that is written at the same time. */
  let other: Open = null;
  let count = 0;
  let fence = 1;
  const queue: SessionFrame[] = [];
  const taken: Message[] = [];

  async function flush(): Promise<string | null> {
    const events = queue.splice(0).map((frame) => ({ body: JSON.stringify(frame) }));
    if (events.length > 0) await log.append(session.id, events, fence);
    const { epoch, seq } = await log.head(session.id);
    return formatCursor({ epoch, seq });
  }
  function announce(row: Message): void {
    queue.push({ Type: 'message', session_id: session.id, ...toMessageView(row) });
  }
  function delta(type: 'text' | 'reasoning' | 'tool_call' | 'tool_call_input'): void {
    if (!current) return;
    count += 1;
    const change = {
      delta_type: type,
      content: type === 'tool_call' ? '' : `${count} `,
      timestamp: count,
      ...(type.startsWith('tool') && { tool_call_id: `c${count % 2}`, tool_call_name: 'bash' }),
    };
    truth.set(current.id, applyDelta(truth.get(current.id) ?? [], change));
    queue.push({ Type: 'stream_delta', session_id: session.id, message_id: current.id, ...change });
  }
  function begin(): void {
    if (current) return;
    const row = newMessage(session.id, {
      parts: [],
      finishedAt: null,
      appliedCursor: null,
      index: rows.size,
    });
    current = { id: row.id };
    rows.set(row.id, row);
    truth.set(row.id, []);
    announce(row);
  }
  async function take(): Promise<void> {
    const row = current && rows.get(current.id);
    if (!row) return;
    const appliedCursor = await flush();
    taken.push({ ...row, parts: truth.get(row.id) ?? [], appliedCursor });
  }
  function store(): void {
    const row = taken.shift();
    if (row && rows.get(row.id)?.finishedAt === null) rows.set(row.id, row);
  }
  async function finish(): Promise<void> {
    const row = current && rows.get(current.id);
    if (!current || !row) return;
    const parts: MessagePart[] = [
      ...(truth.get(current.id) ?? []),
      { type: 'finish', reason: 'end_turn', time: 1 },
    ];
    truth.set(current.id, parts);
    const written = { ...row, parts, appliedCursor: await flush(), finishedAt: 1 };
    rows.set(row.id, written);
    current = null;
    announce(written);
  }

  const steps: Record<Step, () => unknown> = {
    begin,
    text: () => delta('text'),
    reasoning: () => delta('reasoning'),
    call: () => delta('tool_call'),
    input: () => delta('tool_call_input'),
    flush,
    write: take,
    store,
    finish,
    async swap() {
      [current, other] = [other, current];
    },
    noise: () =>
      queue.push({ Type: 'session_status', session_id: session.id, status: 'running', is_running: true }),
    async epoch() {
      fence += 1;
      await log.takeOver(session.id, fence, true);
    },
  };
  const inOrder = createSerialQueue();
  const run = (next: Step) => inOrder(async () => steps[next]());
  return { session, rows, truth, run };
}

/** Runs the writer's next steps before and after everything that the reader asks. */
function interleave<T extends object>(target: T, between: () => Promise<void>): T {
  return new Proxy(target, {
    get(object, key, receiver) {
      const value = Reflect.get(object, key, receiver);
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]) => {
        await between();
        const result = await value.apply(object, args);
        await between();
        return result;
      };
    },
  });
}

function contextOf(writer: ReturnType<typeof createWriter>, between: () => Promise<void>): SnapshotContext {
  const repositories = {
    sessions: { get: async () => writer.session },
    messages: {
      listUnfinished: async () => [...writer.rows.values()].filter((row) => row.finishedAt === null),
    },
    toolCalls: { listOpen: async () => [] },
    permissions: { listPending: async () => [] },
    turns: { current: async () => null },
  } as unknown as Repositories;
  const wrapped = Object.fromEntries(
    Object.entries(repositories).map(([name, repository]) => [name, interleave(repository, between)]),
  ) as unknown as Repositories;
  return {
    actor: { kind: 'system' },
    clock: systemClock,
    log: silentLog,
    requestId: 'test',
    repositories: wrapped,
    transaction: () => Promise.reject(new Error('reads only')),
    notify() {},
  };
}

/** What a client makes of frames: a message replaces, a delta is applied. */
function reduce(
  state: Map<string, MessagePart[]>,
  frames: readonly SessionFrame[],
): Map<string, MessagePart[]> {
  for (const frame of frames) {
    if (frame.Type === 'message') state.set(frame.ID, frame.Parts);
    if (frame.Type === 'stream_delta') {
      state.set(frame.message_id, applyDelta(state.get(frame.message_id) ?? [], frame));
    }
  }
  return state;
}

/** Takes a snapshot while the writer goes on, then hears all that follows, over new snapshots where it must. */
async function follow(
  setting: { log: EventLog; writer: ReturnType<typeof createWriter> },
  during: readonly Step[],
  pace: fc.Stream<number>,
) {
  const { log, writer } = setting;
  const pending = [...during];
  const between = async () => {
    for (let n = pace.next().value; n > 0; n--) {
      const next = pending.shift();
      if (next) await writer.run(next);
    }
  };
  const early = await buildSnapshot(
    contextOf(writer, between),
    interleave(log, between),
    writer.session.id,
    [0, 0],
  );
  for (const next of pending.splice(0)) await writer.run(next);
  await writer.run('flush');
  const late = await buildSnapshot(
    contextOf(writer, async () => {}),
    log,
    writer.session.id,
    [],
  );
  const events = await log.read(writer.session.id, early.position, 1000);
  const state = reduce(new Map(), early.frames);
  if (events.ok) {
    reduce(
      state,
      events.events.map((event): SessionFrame => JSON.parse(event.body)),
    );
  } else reduce(state, late.frames);
  return { state, early: reduce(new Map(), early.frames), late: reduce(new Map(), late.frames) };
}

/** The deltas that a text is made of, by number. */
function numbersIn(parts: readonly MessagePart[]): number[] {
  const text = parts.flatMap((part) =>
    part.type === 'text' ? [part.text] : part.type === 'reasoning' ? [part.thinking] : [],
  );
  return text.join('').split(' ').filter(Boolean).map(Number);
}

describe('a snapshot', () => {
  const pace = fc.infiniteStream(fc.integer({ min: 0, max: 2 }));

  test('with the events after it is the snapshot of any later moment', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(steady, { maxLength: 25 }),
        fc.array(steady, { maxLength: 40 }),
        pace,
        async (before, during, speed) => {
          const log = createMemoryEventLog({ clock: systemClock });
          const writer = createWriter(log);
          for (const next of ['begin' as const, ...before]) await writer.run(next);
          const { state, late } = await follow({ log, writer }, during, speed);
          for (const [id, parts] of late) expect(state.get(id)).toEqual(parts);
          for (const [id, parts] of state) expect(parts).toEqual(writer.truth.get(id));
          await log.close();
        },
      ),
      { numRuns: 300 },
    );
  });

  test('has a text without a hole, and none is told twice, whatever the log forgets', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(restless, { maxLength: 25 }),
        fc.array(restless, { maxLength: 40 }),
        pace,
        async (before, during, speed) => {
          const log = createMemoryEventLog({ clock: systemClock });
          const writer = createWriter(log);
          for (const next of ['begin' as const, ...before]) await writer.run(next);
          const { state, early, late } = await follow({ log, writer }, during, speed);
          const whole = (id: string) => numbersIn(writer.truth.get(id) ?? []);
          for (const [id, parts] of [...early, ...late]) {
            const numbers = numbersIn(parts);
            expect(numbers).toEqual(whole(id).slice(0, numbers.length));
          }
          for (const [id, parts] of state) {
            const numbers = new Set(numbersIn(parts));
            expect(numbersIn(parts)).toEqual(whole(id).filter((number) => numbers.has(number)));
          }
          await log.close();
        },
      ),
      { numRuns: 300 },
    );
  });
});
