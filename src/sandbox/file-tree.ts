import type { TreeEntry, Workspace } from '#domain/workspace/index.ts';

const MAX_ENTRIES = 20_000;
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_TOTAL_BYTES = 8 * 1024 * 1024;
const IGNORED = ['.*', 'node_modules', '__pycache__'];

export interface FileNode {
  /** The path, so that it stays the same when files come and go. */
  id: string;
  name: string;
  type: 'file' | 'folder';
  /** From the root of the tree, which is `/`. */
  path: string;
  children?: FileNode[];
  content?: string;
}

/** Folders and files as nodes; the text of small files for as long as the whole answer stays bearable. */
export async function buildFileTree(
  workspace: Workspace,
  options: { path: string; withContent: boolean },
  signal: AbortSignal,
): Promise<{ root: FileNode; truncated: boolean }> {
  const found = await workspace.tree(options.path, { depth: 0, limit: MAX_ENTRIES, ignore: IGNORED }, signal);
  const { root, files } = nest(found.entries);
  if (options.withContent) await addContents(workspace, files, signal);
  return { root, truncated: found.truncated };
}

interface FileAt {
  node: FileNode;
  workspacePath: string;
}

/** Entries come parents first; each one's depth says to which folder it belongs. */
function nest(entries: readonly TreeEntry[]): { root: FileNode; files: FileAt[] } {
  const root: FileNode = { id: '/', name: '/', type: 'folder', path: '/', children: [] };
  const folders: FileNode[] = [root];
  const files: FileAt[] = [];
  for (const entry of entries) {
    folders.length = entry.depth;
    const parent = folders.at(-1) ?? root;
    const name = entry.path.slice(entry.path.lastIndexOf('/') + 1);
    const path = parent === root ? `/${name}` : `${parent.path}/${name}`;
    const node: FileNode = { id: path, name, type: entry.type === 'file' ? 'file' : 'folder', path };
    parent.children?.push(node);
    if (node.type === 'folder') {
      node.children = [];
      folders.push(node);
    } else {
      files.push({ node, workspacePath: entry.path });
    }
  }
  return { root, files };
}

async function addContents(
  workspace: Workspace,
  files: readonly FileAt[],
  signal: AbortSignal,
): Promise<void> {
  let left = MAX_TOTAL_BYTES;
  for (const { node, workspacePath } of files) {
    if (left <= 0) return;
    const bytes = await readSmall(workspace, workspacePath, Math.min(left, MAX_FILE_BYTES), signal);
    const text = bytes === null ? null : decode(bytes);
    if (bytes === null || text === null) continue;
    node.content = text;
    left -= bytes.length;
  }
}

/** Null for files that are larger, or that cannot be read. */
async function readSmall(
  workspace: Workspace,
  path: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  try {
    const { bytes } = await workspace.read(path, { limit: maxBytes + 1 }, signal);
    return bytes.length > maxBytes ? null : bytes;
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
