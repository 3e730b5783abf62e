import { type Workspace, WorkspaceError } from '#domain/workspace/index.ts';
import { sha256 } from '#shared/digest.ts';
import { MAX_EDIT_BYTES } from '../limits.ts';

export interface TextFile {
  /** As it is, with its line ends and its byte order mark. */
  text: string;
  /** Of the bytes; tells whether the file still is what somebody has read. */
  digest: string;
}

/** The whole text of a file, or null when there is none. Throws `WorkspaceError` for what is no text. */
export async function readTextFile(
  workspace: Workspace,
  path: string,
  signal: AbortSignal,
): Promise<TextFile | null> {
  try {
    const { bytes } = await workspace.read(path, { limit: MAX_EDIT_BYTES + 1 }, signal);
    if (bytes.byteLength > MAX_EDIT_BYTES)
      throw new WorkspaceError(
        'too_large',
        `File is larger than ${MAX_EDIT_BYTES / 1024 / 1024} MiB: ${path}`,
      );
    const text = decodeText(bytes);
    if (text === null) throw new WorkspaceError('not_text', `File is not UTF-8 text: ${path}`);
    return { text, digest: sha256(bytes) };
  } catch (error) {
    if (error instanceof WorkspaceError && error.code === 'not_found') return null;
    throw error;
  }
}

/** Null when the bytes are not UTF-8 or hold a NUL. A byte order mark is kept. */
export function decodeText(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes('\0') ? null : text;
  } catch {
    return null;
  }
}
