import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256 } from '#shared/digest.ts';
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
  expect(result.content).toBe('<file>\n     1|one\n     2|two\n</file>');
  expect(result.metadata).toEqual({ file_path: '/workspace/a.txt' });
  expect(await bench.scope.files.reads.lastRead('', '/workspace/a.txt')).toBe(sha256('one\ntwo\n'));
});

test('shows 200 lines and says where to go on', async () => {
  await put('long', Array.from({ length: 500 }, (_, at) => `l${at}`).join('\n'));
  const first = await view({ file_path: 'long' });
  expect(first.content).toContain('   200|l199\n');
  expect(first.content).toContain('offset 200');
  const last = await view({ file_path: 'long', offset: 498, limit: 10 });
  expect(last.content).toBe('<file>\n   499|l498\n   500|l499\n</file>');
  expect(first.content).toContain('500 in all');
  const past = await view({ file_path: 'long', offset: 900 });
  expect(past.isError).toBeUndefined();
  expect(past.content).toContain('The file has 500 lines; there is nothing to show from offset 900 on');
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

test.each([
  ['', '<file>\n(The file is empty.)\n</file>'],
  ['\n', '<file>\n     1|\n</file>'],
  ['a\n\n', '<file>\n     1|a\n     2|\n</file>'],
  ['a\r\nb', '<file>\n     1|a\n     2|b\n</file>'],
  ['\ufeffa\n', '<file>\n     1|a\n</file>'],
])('shows %j as it is, without a line behind the last end', async (text, shown) => {
  await put('f', text);
  expect((await view({ file_path: 'f' })).content).toBe(shown);
});

test('pages through a file of any size and counts its lines', async () => {
  const line = `${'x'.repeat(119)}\n`;
  await put('huge', `first é\n${line.repeat(120_000)}last\n`);
  const { content } = await view({ file_path: 'huge', offset: 119_999, limit: 1 });
  expect(content).toContain(`120000|${'x'.repeat(119)}\n`);
  expect(content).toContain('120002 in all. Use offset 120000');
  const end = await view({ file_path: 'huge', offset: 120_001 });
  expect(end.content).toBe('<file>\n120002|last\n</file>');
  expect((await view({ file_path: 'huge', offset: 120_002 })).content).toContain('has 120002 lines');
  expect((await view({ file_path: 'huge', limit: 1 })).content).toContain('     1|first é\n');
});

test('a huge line costs no more than what is shown of it', async () => {
  await put('wide', `${'é'.repeat(6_000_000)}\nnext\n`);
  const { content } = await view({ file_path: 'wide' });
  expect(content).toBe(`<file>\n     1|${'é'.repeat(2000)}...\n     2|next\n</file>`);
});

test('a large file that is no text is refused', async () => {
  await put('huge', Buffer.concat([Buffer.alloc(11_000_000, 'a\n'), Buffer.from([0])]));
  expect(await view({ file_path: 'huge', offset: 1, limit: 5 })).toMatchObject({ isError: true });
});

test('says that a link leads nowhere', async () => {
  await symlink('gone', join(bench.workspace.directory, 'dangling.txt'));
  const result = await view({ file_path: 'dangling.txt' });
  expect(result).toMatchObject({ isError: true, content: expect.stringContaining('symbolic link') });
  expect(result.content).not.toContain('Did you mean');
});

test('shows images to models that can see', async () => {
  await put('a.png', png(3, 4));
  expect((await view({ file_path: 'a.png' })).image).toMatchObject({ mediaType: 'image/png' });
  await bench.close();
  bench = await createToolBench({ supportsImages: false });
  await put('a.png', png(3, 4));
  expect(await view({ file_path: 'a.png' })).toMatchObject({
    isError: true,
    content: expect.stringContaining('Scripted'),
  });
});

test('the bytes decide what an image is, whatever its name', async () => {
  await put('photo.png', jpeg(3, 4));
  expect((await view({ file_path: 'photo.png' })).image?.mediaType).toBe('image/jpeg');
  await put('photo.txt', png(3, 4));
  expect((await view({ file_path: 'photo.txt' })).image?.mediaType).toBe('image/png');
});

test.each([
  ['an SVG', '<svg xmlns="http://www.w3.org/2000/svg"/>\n', '1|<svg'],
  ['a pointer of Git LFS', 'version https://git-lfs.github.com/spec/v1\n', '1|version'],
  ['an HTML page', '<!doctype html>', '1|<!doctype'],
  ['nothing', '', 'empty'],
])('%s named like an image is text', async (_, text, shown) => {
  await put('a.png', text);
  const result = await view({ file_path: 'a.png' });
  expect(result.image).toBeUndefined();
  expect(result.isError).toBeUndefined();
  expect(result.content).toContain(shown);
});

test.each([
  ['other bytes', new Uint8Array([1, 2, 0, 3]), 'not UTF-8'],
  ['a cut image', png(3, 4).subarray(0, 40), 'incomplete'],
  ['a header alone', png(3, 4).subarray(0, 8), 'incomplete'],
  ['an image without size', png(0, 4), 'damaged'],
  ['an image of too many pixels', png(20_000, 4), '20000 × 4'],
  ['a large image', Buffer.concat([png(3, 4), Buffer.alloc(210_000)]), '200 KB'],
])('%s named like an image is an error', async (_, bytes, reason) => {
  await put('a.png', bytes);
  const result = await view({ file_path: 'a.png' });
  expect(result).toMatchObject({ isError: true, content: expect.stringContaining(reason) });
  expect(result.image).toBeUndefined();
});

function png(width: number, height: number): Buffer {
  const header = Buffer.from('89504e470d0a1a0a0000000d494844520000000000000000080600000000000000', 'hex');
  header.writeUInt32BE(width, 16);
  header.writeUInt32BE(height, 20);
  return Buffer.concat([header, Buffer.alloc(20), Buffer.from('0000000049454e44ae426082', 'hex')]);
}

function jpeg(width: number, height: number): Buffer {
  const app = Buffer.from('ffe000104a46494600010100000100010000', 'hex');
  const frame = Buffer.from('ffc0000b080000000001011100', 'hex');
  frame.writeUInt16BE(height, 5);
  frame.writeUInt16BE(width, 7);
  return Buffer.concat([Buffer.from('ffd8', 'hex'), app, frame, Buffer.from('ffda0002ffd9', 'hex')]);
}
