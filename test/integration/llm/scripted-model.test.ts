import { afterEach, expect, test } from 'vitest';
import { chainedToolCalls, type ScriptedModelOptions, stampsIn } from '../../doubles/scripted-model/index.ts';
import { type Bench, callsOf, finishOf, startBench, textOf } from './harness.ts';

let bench: Bench | undefined;

async function start(options: ScriptedModelOptions): Promise<Bench> {
  bench = await startBench('openai-compat', options);
  return bench;
}

afterEach(async () => {
  await bench?.close();
});

test('title requests do not use up the script', async () => {
  const { run } = await start({ script: [{ text: 'one' }, { text: 'two' }], title: 'A title' });
  expect(textOf(await run())).toBe('one');
  expect(textOf(await run({ tools: [] }))).toBe('A title');
  expect(textOf(await run())).toBe('two');
  expect(textOf(await run())).toBe('two');
});

test('chains tool calls, then answers', async () => {
  const script = chainedToolCalls(2, (index) => ({
    id: `call_${index}`,
    name: 'bash',
    input: { command: `${index}` },
  }));
  const { run } = await start({ script });
  expect(callsOf(await run())).toEqual([{ callId: 'call_0', name: 'bash', input: '{"command":"0"}' }]);
  expect(callsOf(await run())).toMatchObject([{ callId: 'call_1' }]);
  expect(textOf(await run())).toBe('done');
});

test('a function of the request may answer', async () => {
  const { run } = await start({
    script: ({ body }, index) => ({ text: `${index} ${body.messages?.length}` }),
  });
  expect(textOf(await run())).toBe('0 2');
});

test('streams at a pace, with the time of sending in each delta', async () => {
  const { run } = await start({ script: [{ deltas: 5, paceMs: 20, stamp: true, deltaLength: 64 }] });
  const startedAt = performance.now();
  const text = textOf(await run());
  const stamps = stampsIn(text);
  expect(stamps).toHaveLength(5);
  expect(text).toHaveLength(5 * 64);
  expect((stamps[4] ?? 0) - (stamps[0] ?? 0)).toBeGreaterThanOrEqual(70);
  expect(stamps[0]).toBeGreaterThan(startedAt);
  expect(stamps[4]).toBeLessThan(performance.now());
});

test('provider types without an adapter say so', async () => {
  const { run, server } = await start({ script: [{ text: 'x' }] });
  const finish = finishOf(await run({}, { providerType: 'bedrock' }));
  expect(finish.error).toEqual({
    code: 'bad_request',
    message: 'Providers of type bedrock are not available in this build.',
  });
  expect(server.requests).toHaveLength(0);
});

test('the demo needs no provider', async () => {
  const { run, server } = await start({ script: [{ text: 'x' }] });
  expect(textOf(await run({}, { providerType: 'demo', baseUrl: null }))).toContain('offline demo model');
  expect(server.requests).toHaveLength(0);
});

test('a closed model ends its open calls and starts no more', async () => {
  const { model, request, server } = await start({ script: [{ text: 'x', stall: true }] });
  const types: string[] = [];
  for await (const part of model.stream(request(), new AbortController().signal)) {
    types.push(part.type === 'finish' ? part.stopReason : part.type);
    if (part.type === 'text') await Promise.all([model.close(), model.close()]);
  }
  expect(types).toEqual(['text', 'cancelled']);
  for await (const part of model.stream(request(), new AbortController().signal)) {
    expect(part).toMatchObject({ type: 'finish', stopReason: 'cancelled' });
  }
  expect(server.requests).toHaveLength(1);
});
