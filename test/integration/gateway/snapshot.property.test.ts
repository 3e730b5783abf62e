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

type Step = 'begin' | 'text' | 'reasoning' | 'call' | 'input' | 'write' | 'finish' | 'noise' | 'swap';
const step = fc.constantFrom<Step>(
  'begin',
  'text',
  'text',
  'text',
  'reasoning',
  'call',
  'input',
  'write',
  'write',
  'finish',
  'noise',
  'swap',
  'swap',
);

/** A turn's owner as the log and the database see it: rows lag behind the stream, stamped with their position. */
function createWriter(log: EventLog) {
  const session = newSession(newProject(newId()));
  const rows = new Map<string, Message>();
  type Open = { id: string; parts: MessagePart[] } | null;
  let current: Open = null;
  /** A second message that is written at the same time. */
  let other: Open = null;
  let count = 0;

  async function append(frame: SessionFrame): Promise<string> {
    const { epoch, seqs } = await log.append(session.id, [{ body: JSON.stringify(frame) }], 1);
    return formatCursor({ epoch, seq: seqs[0] ?? 0 });
  }
  async function announce(row: Message): Promise<string> {
    return append({ Type: 'message', session_id: session.id, ...toMessageView(row) });
  }
  async function delta(type: 'text' | 'reasoning' | 'tool_call' | 'tool_call_input'): Promise<void> {
    if (!current) return;
    count += 1;
    const change = {
      delta_type: type,
      content: type === 'tool_call' ? '' : `${count} `,
      timestamp: count,
      ...(type.startsWith('tool') && { tool_call_id: `c${count % 2}`, tool_call_name: 'bash' }),
    };
    current.parts = applyDelta(current.parts, change);
    await append({ Type: 'stream_delta', session_id: session.id, message_id: current.id, ...change });
  }
  async function begin(): Promise<void> {
    if (current) return;
    const row = newMessage(session.id, { parts: [], finishedAt: null, index: rows.size });
    current = { id: row.id, parts: [] };
    rows.set(row.id, row);
    await announce(row);
  }
  async function write(finished: boolean): Promise<void> {
    const row = current && rows.get(current.id);
    if (!current || !row) return;
    if (finished) current.parts = [...current.parts, { type: 'finish', reason: 'end_turn', time: 1 }];
    const { epoch, seq } = await log.head(session.id);
    const written = {
      ...row,
      parts: current.parts,
      appliedCursor: formatCursor({ epoch, seq }),
      finishedAt: finished ? 1 : null,
    };
    rows.set(row.id, written);
    if (!finished) return;
    current = null;
    await announce(written);
  }

  const steps: Record<Step, () => Promise<unknown>> = {
    begin,
    text: () => delta('text'),
    reasoning: () => delta('reasoning'),
    call: () => delta('tool_call'),
    input: () => delta('tool_call_input'),
    write: () => write(false),
    finish: () => write(true),
    async swap() {
      [current, other] = [other, current];
    },
    noise: () =>
      append({ Type: 'session_status', session_id: session.id, status: 'running', is_running: true }),
  };
  const inOrder = createSerialQueue();
  return { session, rows, run: (next: Step) => inOrder(() => steps[next]()) };
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

describe('a snapshot', () => {
  test('with the events after it is the snapshot of any later moment', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.array(step, { maxLength: 40 }),
        fc.infiniteStream(fc.integer({ min: 0, max: 2 })),
        async (before, during, pace) => {
          const log = createMemoryEventLog({ clock: systemClock });
          const writer = createWriter(log);
          for (const next of ['begin' as const, ...before]) await writer.run(next);
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
          );
          for (const next of pending.splice(0)) await writer.run(next);

          const events = await log.read(writer.session.id, early.position, 1000);
          if (!events.ok) throw new Error(events.reason);
          const frames = events.events.map((event): SessionFrame => JSON.parse(event.body));
          const state = reduce(reduce(new Map(), early.frames), frames);

          const late = await buildSnapshot(
            contextOf(writer, async () => {}),
            log,
            writer.session.id,
          );
          for (const [id, parts] of reduce(new Map(), late.frames)) expect(state.get(id)).toEqual(parts);
          for (const [id, parts] of state) {
            const row = writer.rows.get(id);
            if (row?.finishedAt !== null) expect(parts).toEqual(row?.parts);
          }
          await log.close();
        },
      ),
      { numRuns: 300 },
    );
  });
});
