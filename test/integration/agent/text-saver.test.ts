import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { AnyContext } from '#domain/create-context.ts';
import { formatCursor } from '#domain/events/index.ts';
import { newMessage } from '#domain/message/index.ts';
import { createEventPublisher } from '#infra/events/event-publisher.ts';
import { createMemoryEventLog } from '#infra/memory/memory-event-log.ts';
import { systemClock } from '#shared/clock.ts';
import { silentLog } from '#shared/log.ts';
import { createTextSaver } from '../../../src/ws/agent/persist/text-saver.ts';

const SESSION = 's';

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }));
afterEach(() => vi.useRealTimers());

test('a row never claims a position before the text that it holds, however slow the log is', async () => {
  const log = createMemoryEventLog({ clock: systemClock });
  const delays = [0, 0, 1500, 0, 2500, 700, 0, 3000, 0];
  let appends = 0;
  const slow: typeof log = {
    ...log,
    async append(...given) {
      const delay = delays[appends++ % delays.length] ?? 0;
      if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
      return log.append(...given);
    },
  };
  const publisher = createEventPublisher({
    log: slow,
    outbox: { remove: async () => {} },
    clock: systemClock,
    logger: silentLog,
  });
  const saved: Array<{ text: string; cursor: string | null }> = [];
  const setParts = async (
    _: string,
    { parts, appliedCursor }: { parts: unknown; appliedCursor: string | null },
  ) => {
    const [part] = parts as Array<{ text: string }>;
    saved.push({ text: part?.text ?? '', cursor: appliedCursor });
  };
  const ctx = {
    log: silentLog,
    transaction: async (run: (tx: unknown) => Promise<void>) =>
      run({ clock: systemClock, repositories: { messages: { setParts } } }),
  } as unknown as AnyContext;
  const saver = createTextSaver({
    ctx,
    publisher,
    clock: systemClock,
    sessionId: SESSION,
    takenOverAt: null,
    signal: new AbortController().signal,
    abortLost() {},
  });
  const message = newMessage(
    { sessionId: SESSION, turnNumber: 1, index: 1, role: 'assistant', parts: [], finishedAt: null },
    0,
  );
  let text = '';
  for (let n = 0; n < 60; n++) {
    const content = `${n} `;
    text += content;
    publisher.delta({ session_id: SESSION, message_id: message.id, delta_type: 'text', content }, 1);
    const checked = saver.checkpoint(message, () => [{ type: 'text', text }], text.length);
    await vi.advanceTimersByTimeAsync(500);
    let isDone = false;
    void checked.then(() => {
      isDone = true;
    });
    while (!isDone) await vi.advanceTimersByTimeAsync(250);
  }
  await saver.idle();

  const { epoch } = await log.head(SESSION);
  const read = await log.read(SESSION, { epoch, seq: 0 }, 5000);
  const upTo = new Map<string, string>();
  let streamed = '';
  for (const { cursor, body } of read.ok ? read.events : []) {
    streamed += JSON.parse(body).content;
    upTo.set(formatCursor(cursor), streamed);
  }
  expect(saved.length).toBeGreaterThan(5);
  for (const row of saved) expect(upTo.get(row.cursor ?? '')).toBe(row.text);
  await publisher.close(0);
  await log.close();
});
