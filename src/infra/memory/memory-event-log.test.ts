import { expect, it, onTestFinished } from 'vitest';
import { createMemoryEventLog } from './memory-event-log.ts';

function createLog(maxTotalChars: number) {
  const log = createMemoryEventLog({ clock: { now: () => 0 }, maxTotalChars });
  onTestFinished(() => log.close());
  const say = (sessionId: string, body: string) => log.append(sessionId, [{ body }]);
  const readAll = async (sessionId: string) => {
    const { epoch } = await log.head(sessionId);
    const read = await log.read(sessionId, { epoch, seq: 0 }, 100);
    return read.ok ? read.events.map(({ body }) => body) : read.reason;
  };
  return { log, say, readAll };
}

it('keeps a number of characters in all; who was idle for longest forgets first and knows that it did', async () => {
  const { log, say, readAll } = createLog(100);
  await say('idle', 'i'.repeat(40));
  await say('busy', 'b'.repeat(30));
  await say('late', 'l'.repeat(20));
  await say('busy', 'b'.repeat(10));
  expect(await readAll('idle')).toHaveLength(1);
  await say('late', 'l'.repeat(5));
  expect(await readAll('idle')).toBe('trimmed');
  expect((await log.head('idle')).seq).toBe(1);
  expect(await readAll('busy')).toHaveLength(2);
  expect(await readAll('late')).toHaveLength(2);
});

it('counts what was trimmed, forgotten or removed no more', async () => {
  const { log, say, readAll } = createLog(100);
  for (let round = 0; round < 50; round += 1) {
    await say(`gone-${round}`, 'x'.repeat(60));
    await log.remove(`gone-${round}`);
  }
  await say('first', 'x'.repeat(60));
  await say('second', 'x'.repeat(40));
  expect(await readAll('first')).toHaveLength(1);
  expect(await readAll('second')).toHaveLength(1);
});

it('never forgets for the sake of the total what was just said', async () => {
  const { say, readAll } = createLog(10);
  await say('large', 'x'.repeat(50));
  expect(await readAll('large')).toHaveLength(1);
});
