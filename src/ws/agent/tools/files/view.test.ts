import { afterEach, beforeEach, expect, test } from 'vitest';
import { createToolBench, type ToolBench } from '../../../../../test/doubles/tool-scope.ts';
import { viewTool } from './view.ts';

let bench: ToolBench;

beforeEach(async () => {
  bench = await createToolBench();
});

afterEach(() => bench.close());

const put = (path: string, content: string | Uint8Array) => bench.workspace.write(path, Buffer.from(content));
const view = (input: object) => bench.use(viewTool, input);

test('numbers the lines and remembers that the file was read', async () => {
  await put('a.txt', 'one\ntwo\n');
  const result = await view({ file_path: 'a.txt' });
  expect(result.content).toBe('<file>\n     1|one\n     2|two\n     3|\n</file>');
  expect(result.metadata).toMatchObject({ file_path: '/workspace/a.txt', content: 'one\ntwo\n' });
  expect(await bench.scope.files.reads.lastRead('', '/workspace/a.txt')).toBeGreaterThan(0);
});

test('shows 200 lines and says where to go on', async () => {
  await put('long', Array.from({ length: 500 }, (_, at) => `l${at}`).join('\n'));
  const first = await view({ file_path: 'long' });
  expect(first.content).toContain('   200|l199\n');
  expect(first.content).toContain('offset 200');
  const last = await view({ file_path: 'long', offset: 498, limit: 10 });
  expect(last.content).toBe('<file>\n   499|l498\n   500|l499\n</file>');
  expect((await view({ file_path: 'long', offset: 900 })).isError).toBeUndefined();
});

test('cuts long lines and large texts', async () => {
  await put('wide', `${'x'.repeat(5000)}\n`);
  expect((await view({ file_path: 'wide' })).content).toContain(`${'x'.repeat(2000)}...`);
  await put('big', `${'y'.repeat(1000)}\n`.repeat(1000));
  const { content } = await view({ file_path: 'big', limit: 1000 });
  expect(content.length).toBeLessThan(220_000);
  expect(content).toContain('more lines');
});

test('proposes similar names for a missing file', async () => {
  await put('src/server.test.ts', 'x');
  const result = await view({ file_path: 'src/server' });
  expect(result).toMatchObject({
    isError: true,
    content: expect.stringContaining('/workspace/src/server.test.ts'),
  });
});

test.each([
  ['.', 'ls'],
  ['../x', 'outside'],
])('refuses %s', async (file_path, reason) => {
  await expect(view({ file_path }).then(({ content }) => content))
    .resolves.toContain(reason)
    .catch((error: unknown) => {
      expect(String(error)).toContain(reason);
    });
});

test('refuses what is no text', async () => {
  await put('bin', new Uint8Array([0, 255, 1]));
  expect(await view({ file_path: 'bin' })).toMatchObject({ isError: true });
});

test('shows images to models that can see', async () => {
  await put('a.png', new Uint8Array([1, 2, 3]));
  expect((await view({ file_path: 'a.png' })).image).toMatchObject({ mediaType: 'image/png' });
  await bench.close();
  bench = await createToolBench({ supportsImages: false });
  expect(await view({ file_path: 'a.png' })).toMatchObject({
    isError: true,
    content: expect.stringContaining('Scripted'),
  });
});
