import { posix } from 'node:path';
import { z } from 'zod';
import { type FileContent, type Workspace, WorkspaceError } from '#domain/workspace/index.ts';
import { sha256 } from '#shared/digest.ts';
import type { ToolScope } from '../../ports.ts';
import { MAX_EDIT_BYTES } from '../limits.ts';
import { directoryOf, workspacePath } from '../paths.ts';
import { defineTool, failure, readOnly, type ToolResult } from '../tool.ts';
import { recordRead } from './file-change.ts';
import { type ImageHeader, readImageHeader } from './image-header.ts';
import { BYTE_ORDER_MARK } from './matching/line-ends.ts';
import { type Page, type PageRequest, readPage } from './read-page.ts';
import { decodeText } from './text-file.ts';

const DEFAULT_LIMIT = 200;
const MAX_BYTES = 200 * 1024;
/** Of a larger file: read at once, and read at most to count its lines. */
const CHUNK_BYTES = 4 * 1024 * 1024;
const SCAN_BYTES = 128 * 1024 * 1024;
/** How far into a file a page may lie. */
const REACH_BYTES = 2 * 1024 * 1024 * 1024;
/** On either side; larger images are refused by providers. */
const MAX_PIXELS = 8000;
const MAX_SUGGESTIONS = 3;
const SUGGESTION_POOL = 1000;

const DESCRIPTION = `Shows a file with line numbers (number, bar, text; the numbers are not part of the file), or an image.

Shows 200 lines from offset on unless told otherwise, at most 200 KB; longer lines than 2000 characters are cut. Read a file before changing it. Use ls for directories and grep to find the right place in a large file.`;

const Input = z.strictObject({
  file_path: z.string().min(1).describe('The file, absolute or relative to the workspace'),
  offset: z.number().int().min(0).optional().describe('Lines to skip (default 0)'),
  limit: z.number().int().min(1).max(20_000).optional().describe('Lines to show (default 200)'),
});

export const viewTool = defineTool({
  name: 'view',
  description: DESCRIPTION,
  input: Input,
  parallel: true,
  async prepare({ file_path, offset = 0, limit = DEFAULT_LIMIT }, scope) {
    const path = workspacePath(file_path);
    return readOnly(async ({ signal }) => {
      try {
        const file = await scope.workspace.read(path, { limit: MAX_EDIT_BYTES }, signal);
        const image = readImageHeader(file.bytes);
        if (image) return viewImage(scope, path, file, image);
        return await viewText(scope, { path, offset, limit, file }, signal);
      } catch (error) {
        if (!(error instanceof WorkspaceError)) throw error;
        return failure(await explain(scope, path, error));
      }
    });
  },
});

async function viewText(
  scope: ToolScope,
  { path, offset, limit, file }: { path: string; offset: number; limit: number; file: FileContent },
  signal: AbortSignal,
): Promise<ToolResult> {
  const isWhole = file.bytes.length >= file.stat.size;
  const request = { offset, limit, maxBytes: MAX_BYTES, scanBytes: SCAN_BYTES };
  const page = isWhole
    ? decodeText(file.bytes) === null
      ? null
      : await readPage([file.bytes], request)
    : await readFar(scope.workspace, path, request, signal);
  if (page === null) return failure(`File is not UTF-8 text: ${path}`);
  const numbered = page.lines.map((line, index) => {
    const text = offset + index === 0 && line.startsWith(BYTE_ORDER_MARK) ? line.slice(1) : line;
    return `${String(offset + index + 1).padStart(6)}|${text}`;
  });
  const result: ToolResult = {
    content: ['<file>', ...numbered, ...noteOn(page, offset), '</file>'].join('\n'),
    metadata: { file_path: path },
  };
  // Larger files cannot be changed by tools, so it does not matter what was seen of them.
  if (isWhole) result.commit = (tx) => recordRead(tx, scope.session.id, file.stat.path, sha256(file.bytes));
  return result;
}

/** Reads on behind what `offset` skips until the page is there, and some more to count the lines. */
async function readFar(
  workspace: Workspace,
  path: string,
  request: PageRequest,
  signal: AbortSignal,
): Promise<Page | null> {
  const page = await readPage(chunksOf(workspace, path, signal), request);
  const isMissed = page && !page.complete && page.lines.length === 0 && page.total <= request.offset;
  if (!isMissed) return page;
  return readPage(chunksOf(workspace, path, signal), { ...request, scanBytes: REACH_BYTES });
}

async function* chunksOf(
  workspace: Workspace,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (let offset = 0; ; ) {
    signal.throwIfAborted();
    const { bytes } = await workspace.read(path, { offset, limit: CHUNK_BYTES }, signal);
    if (bytes.length === 0) return;
    yield bytes;
    offset += bytes.length;
  }
}

function noteOn({ lines, total, complete }: Page, offset: number): string[] {
  const end = offset + lines.length;
  const inAll = complete ? `${total}` : `at least ${total}`;
  if (total === 0 && complete) return ['(The file is empty.)'];
  if (lines.length === 0) {
    return [`(The file has ${inAll} lines; there is nothing to show from offset ${offset} on.)`];
  }
  if (complete && end >= total) return [];
  return ['', `(The file has more lines, ${inAll} in all. Use offset ${end} to read on.)`];
}

function viewImage(scope: ToolScope, path: string, file: FileContent, image: ImageHeader): ToolResult {
  const { width, height } = image;
  if (!scope.supportsImages) return failure(`The model ${scope.modelName} cannot look at images`);
  if (file.stat.size > MAX_BYTES) return failure(`The image is larger than 200 KB: ${path}`);
  if (!image.complete || width === 0 || height === 0) {
    return failure(`The image is damaged or incomplete: ${path}`);
  }
  if (width > MAX_PIXELS || height > MAX_PIXELS) {
    return failure(`The image has ${width} × ${height} pixels, more than ${MAX_PIXELS} on a side: ${path}`);
  }
  return {
    content: `Image: ${path}`,
    image: { mediaType: image.mediaType, data: file.bytes },
    metadata: { file_path: path },
  };
}

async function explain(scope: ToolScope, path: string, error: WorkspaceError): Promise<string> {
  if (error.code === 'not_a_file') return `Not a file: ${path}. Use ls for directories.`;
  if (error.code !== 'not_found') return error.message;
  const { isLink, similar } = await lookAround(scope, path).catch(() => ({ isLink: false, similar: [] }));
  if (isLink) return `${path} is a symbolic link whose target does not exist`;
  const hint = similar.length > 0 ? `\nDid you mean:\n${similar.join('\n')}` : '';
  return `File not found: ${path}${hint}`;
}

async function lookAround(
  scope: ToolScope,
  path: string,
): Promise<{ isLink: boolean; similar: readonly string[] }> {
  const directory = directoryOf(path);
  const name = posix.basename(path);
  const { entries } = await scope.workspace.list(directory, SUGGESTION_POOL, scope.signal);
  const wanted = comparable(name);
  const similar = entries
    .map((entry) => posix.basename(entry.path))
    .filter((other) => other !== name)
    .filter((other) => comparable(other).includes(wanted) || wanted.includes(comparable(other)))
    .slice(0, MAX_SUGGESTIONS)
    .map((other) => posix.join(directory, other));
  const isLink = entries.some((entry) => entry.type === 'symlink' && posix.basename(entry.path) === name);
  return { isLink, similar };
}

function comparable(name: string): string {
  return name.normalize('NFC').toLowerCase();
}
