import { expect, test } from 'vitest';
import { messages, steps } from '../schema/index.ts';
import { createStatements } from './statements.ts';

/** Notes what is compiled and what is run. */
function noting() {
  const compiled: string[] = [];
  const ran: Record<string, unknown>[] = [];
  const query = (text: string) => ({
    prepare() {
      compiled.push(text);
      return {
        async execute(values: Record<string, unknown>) {
          ran.push(values);
        },
      };
    },
  });
  return { compiled, ran, query };
}

test('a statement is compiled once for each set of values', async () => {
  const { compiled, ran, query } = noting();
  const statements = createStatements();
  const change = (values: Record<string, unknown>) =>
    statements.change('step', { table: steps, values, parameters: { id: 'a' } }, (set) =>
      query(Object.keys(set).join()),
    );
  await change({ state: 'done', output: 'x' });
  await change({ state: 'failed', output: null });
  await change({ state: 'failed', output: undefined });
  expect(compiled).toEqual(['state,output', 'state']);
  expect(ran).toEqual([
    { id: 'a', 'set.state': 'done', 'set.output': 'x' },
    { id: 'a', 'set.state': 'failed', 'set.output': null },
    { id: 'a', 'set.state': 'failed' },
  ]);
});

test('values are encoded as their columns want it, and null is null', async () => {
  const { ran, query } = noting();
  const rows = [{ parts: [{ type: 'text', text: 'a\0' }], model: 'm\0', finishedAt: null }];
  await createStatements().insert('messages', { table: messages, rows }, () => query(''));
  expect(ran).toEqual([
    { '0.parts': '[{"type":"text","text":"a\ufffd"}]', '0.model': 'm\ufffd', '0.finishedAt': null },
  ]);
});

test('lists of rows are compiled once for each length, but for long ones', async () => {
  const { compiled, query } = noting();
  const statements = createStatements();
  const insert = (length: number) =>
    statements.insert(
      'm',
      { table: messages, rows: Array.from({ length }, () => ({ model: 'm' })) },
      (rows) => query(String(rows.length)),
    );
  for (const length of [1, 2, 1, 0, 20, 20]) await insert(length);
  expect(compiled).toEqual(['1', '2', '20', '20']);
});
