import { posix } from 'node:path';
import { z } from 'zod';
import { WorkspaceError } from '#domain/workspace/index.ts';
import type { ToolScope } from '../../ports.ts';
import { directoryOf, workspacePath } from '../paths.ts';
import { defineTool, failure, readOnly, type ToolResult } from '../tool.ts';
import { decodeText, MAX_EDIT_BYTES } from './text-file.ts';

const DEFAULT_LIMIT = 200;
const MAX_BYTES = 200 * 1024;
const MAX_LINE_CHARS = 2000;
const MAX_SUGGESTIONS = 3;
const SUGGESTION_POOL = 1000;

const IMAGE_TYPES: Readonly<Record<string, string>> = {
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.png': 'image/png',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
};

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
        const mediaType = IMAGE_TYPES[posix.extname(path).toLowerCase()];
        return mediaType
          ? await viewImage(scope, path, mediaType, signal)
          : await viewText(scope, { path, offset, limit }, signal);
      } catch (error) {
        if (!(error instanceof WorkspaceError)) throw error;
        return failure(await explain(scope, path, error));
      }
    });
  },
});

async function viewText(
  scope: ToolScope,
  { path, offset, limit }: { path: string; offset: number; limit: number },
  signal: AbortSignal,
): Promise<ToolResult> {
  const { bytes, stat } = await scope.workspace.read(path, { limit: MAX_EDIT_BYTES }, signal);
  const text = decodeText(stat.size > bytes.byteLength ? withoutCutCharacter(bytes) : bytes);
  if (text === null) return failure(`File is not UTF-8 text: ${path}`);
  const lines = text.split('\n');
  const shown: string[] = [];
  let size = 0;
  for (const line of lines.slice(offset, offset + limit)) {
    const cut = cutLine(line.endsWith('\r') ? line.slice(0, -1) : line);
    size += Buffer.byteLength(cut) + 1;
    if (size > MAX_BYTES) break;
    shown.push(cut);
  }
  const numbered = shown.map((line, index) => `${String(offset + index + 1).padStart(6)}|${line}`);
  const end = offset + shown.length;
  const more =
    end < lines.length || stat.size > bytes.byteLength
      ? `\n\n(The file has more lines. Use offset ${end} to read on.)`
      : '';
  return {
    content: `<file>\n${numbered.join('\n')}${more}\n</file>`,
    metadata: { file_path: path, content: shown.join('\n') },
    commit: (tx) => tx.repositories.fileReads.record(scope.session.id, path, Math.floor(stat.mtimeMs)),
  };
}

/** A read that ends inside a character would otherwise count as no text. */
function withoutCutCharacter(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes.length - end < 4 && ((bytes[end - 1] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, Math.max(0, end - 1));
}

function cutLine(line: string): string {
  if (line.length <= MAX_LINE_CHARS) return line;
  return `${line.slice(0, MAX_LINE_CHARS).replace(/[\ud800-\udbff]$/, '')}...`;
}

async function viewImage(
  scope: ToolScope,
  path: string,
  mediaType: string,
  signal: AbortSignal,
): Promise<ToolResult> {
  if (!scope.supportsImages) return failure(`The model ${scope.modelName} cannot look at images`);
  const { bytes, stat } = await scope.workspace.read(path, { limit: MAX_BYTES + 1 }, signal);
  if (stat.size > MAX_BYTES) return failure(`The image is larger than 200 KB: ${path}`);
  return { content: `Image: ${path}`, image: { mediaType, data: bytes }, metadata: { file_path: path } };
}

async function explain(scope: ToolScope, path: string, error: WorkspaceError): Promise<string> {
  if (error.code === 'not_a_file') return `Not a file: ${path}. Use ls for directories.`;
  if (error.code !== 'not_found') return error.message;
  const siblings = await similarNames(scope, path).catch(() => []);
  const hint = siblings.length > 0 ? `\nDid you mean:\n${siblings.join('\n')}` : '';
  return `File not found: ${path}${hint}`;
}

async function similarNames(scope: ToolScope, path: string): Promise<string[]> {
  const directory = directoryOf(path);
  const wanted = posix.basename(path).toLowerCase();
  const { entries } = await scope.workspace.list(directory, SUGGESTION_POOL, scope.signal);
  return entries
    .map((entry) => posix.basename(entry.path))
    .filter((name) => name.toLowerCase().includes(wanted) || wanted.includes(name.toLowerCase()))
    .slice(0, MAX_SUGGESTIONS)
    .map((name) => posix.join(directory, name));
}
