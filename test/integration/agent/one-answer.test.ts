import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Database } from '#domain/context.ts';
import { answerPermission } from '#domain/permission/index.ts';
import { submitPrompt } from '#domain/turn/index.ts';
import { call, type ScriptedCall, say } from '../../doubles/scripted-language-model.ts';
import { createTestDatabase } from '../../harness/database.ts';
import { until } from '../../harness/until.ts';
import { type AgentHarness, createAgentHarness, isTerminal } from './harness.ts';

const view = (file: string): ScriptedCall => ({ name: 'view', input: { file_path: file } });
const write = (file: string, content: string): ScriptedCall => ({
  name: 'write',
  input: { file_path: file, content },
});
const edit = (file: string, from: string, to: string): ScriptedCall => ({
  name: 'edit',
  input: { file_path: file, old_string: from, new_string: to },
});
const multiedit = (file: string, ...edits: Array<[string, string]>): ScriptedCall => ({
  name: 'multiedit',
  input: { file_path: file, edits: edits.map(([old_string, new_string]) => ({ old_string, new_string })) },
});

interface Row {
  title: string;
  before?: Record<string, string>;
  read?: string[];
  calls: ScriptedCall[];
  after: Record<string, string>;
}

const ROWS: Row[] = [
  {
    title: 'two edits of a file',
    before: { a: 'one two\n' },
    read: ['a'],
    calls: [edit('a', 'one', '1'), edit('a', 'two', '2')],
    after: { a: '1 2\n' },
  },
  {
    title: 'a view and an edit',
    before: { a: 'one\n' },
    calls: [view('a'), edit('a', 'one', '1')],
    after: { a: '1\n' },
  },
  {
    title: 'a new file and an edit of it',
    calls: [write('n', 'one\n'), edit('n', 'one', '1')],
    after: { n: '1\n' },
  },
  {
    title: 'a file made by edit and a multiedit of it',
    calls: [edit('n', '', 'one two\n'), multiedit('n', ['one', '1'], ['two', '2'])],
    after: { n: '1 2\n' },
  },
  {
    title: 'several views and an edit of each',
    before: { a: 'one\n', b: 'two\n' },
    calls: [view('a'), view('b'), edit('a', 'one', '1'), edit('b', 'two', '2')],
    after: { a: '1\n', b: '2\n' },
  },
  {
    title: 'edits of two files in turns',
    before: { a: 'one two\n', b: 'x\n' },
    read: ['a', 'b'],
    calls: [
      edit('a', 'one', '1'),
      edit('b', 'x', 'y'),
      edit('a', 'two', '2'),
      view('a'),
      edit('a', '1', '0'),
    ],
    after: { a: '0 2\n', b: 'y\n' },
  },
  {
    title: 'an edit, and what takes its place',
    before: { a: 'one\n' },
    calls: [view('a'), edit('a', 'one', 'two'), write('a', 'three\n'), edit('a', 'three', 'four')],
    after: { a: 'four\n' },
  },
];

let harness: AgentHarness | undefined;
let database: Database;

beforeAll(async () => {
  database = await createTestDatabase('postgres', inject('postgresUrl'));
});
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});
afterAll(() => database.close());

describe.each([true, false])('the calls of one answer, allowed beforehand: %s', (skipRequests) => {
  test.each(ROWS)('$title', async ({ before = {}, read = [], calls, after }) => {
    const script = [...read.map((file) => call(view(file))), call(...calls), say('ok')];
    harness = await createAgentHarness(database, script, { settings: { skipRequests } });
    const { ctx, session, repositories, workspace } = harness;
    for (const [file, text] of Object.entries(before)) await writeFile(join(workspace.directory, file), text);
    harness.coordinator().start();
    const { turnId } = await submitPrompt(ctx, { sessionId: session.id, content: 'go' });
    const turn = await until(async () => {
      for (const { id } of await repositories.permissions.listPending(session.id)) {
        await answerPermission(ctx, { sessionId: session.id, requestId: id, decision: 'allow' });
      }
      const found = await repositories.turns.get(turnId);
      return found && isTerminal(found) && found;
    }, 'the end of the turn');
    expect(turn.status).toBe('succeeded');
    const results = (await repositories.toolCalls.list(session.id)).map(({ name, status, result }) => ({
      name,
      status,
      ...(status === 'completed' ? {} : { result }),
    }));
    expect(results).toEqual([...read.map(view), ...calls].map(({ name }) => ({ name, status: 'completed' })));
    for (const [file, text] of Object.entries(after)) {
      expect(await readFile(join(workspace.directory, file), 'utf8')).toBe(text);
    }
  });
});
