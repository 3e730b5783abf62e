import { sleep } from '#shared/async/sleep.ts';
import type { FileNode } from '../protocol/views/file.ts';
import { type TreeEntry, WORKSPACE_ROOT, type Workspace } from './workspace.ts';

export interface FileTreeLimits {
  entries: number;
  /** Of one file whose text is given. */
  fileBytes: number;
  /** Of the whole tree as JSON. */
  totalBytes: number;
  /** After this no more texts are read. */
  readingMs: number;
}

const MEBIBYTE = 1024 * 1024;
export const FILE_TREE_LIMITS: FileTreeLimits = {
  entries: 20_000,
  fileBytes: MEBIBYTE - 1,
  totalBytes: 8 * MEBIBYTE,
  readingMs: 3_000,
};

/** Besides what the workspace's own rules leave out. */
const IGNORED = ['.*', 'node_modules', '__pycache__'];
const READS_AT_ONCE = 16;
const BREATH = 4_000;
/** `,"content":` and `,"truncated":true`. */
const KEY_BYTES = 11;
const MARK_BYTES = 17;

/** What is at `path`: folders first, by name, with the texts of small files as far as the limits allow. */
export async function readFileTree(
  workspace: Workspace,
  path: string,
  signal: AbortSignal,
  limits: FileTreeLimits = FILE_TREE_LIMITS,
): Promise<FileNode> {
  const stat = await workspace.stat(path, signal);
  const name = baseName(stat?.path ?? path);
  const tree = createTree(name, stat?.type === 'file', limits.totalBytes - MARK_BYTES);
  if (stat?.type === 'file') {
    tree.files.push({ node: tree.root, workspacePath: stat.path });
  } else {
    const options = { depth: 0, limit: limits.entries, ignore: IGNORED };
    const found = await workspace.tree(path, options, signal);
    const complete = await addAll(tree, found.entries);
    if (found.truncated || !complete) tree.root.truncated = true;
    sortFoldersFirst(tree.root);
  }
  await addContents(workspace, tree, limits, signal);
  return tree.root;
}

interface FileAt {
  node: FileNode;
  workspacePath: string;
}

interface Tree {
  root: FileNode;
  files: FileAt[];
  /** Entries come parents first; each one's depth says to which folder it belongs. False when there is no room. */
  add(entry: TreeEntry): boolean;
  take(bytes: number): boolean;
}

function createTree(name: string, isFile: boolean, maxBytes: number): Tree {
  const root: FileNode = { id: '/', name, type: isFile ? 'file' : 'folder', path: '/' };
  if (!isFile) root.children = [];
  const folders = [root];
  const files: FileAt[] = [];
  let left = maxBytes - jsonBytes(root);

  function take(bytes: number): boolean {
    if (bytes > left) return false;
    left -= bytes;
    return true;
  }

  return {
    root,
    files,
    take,
    add(entry) {
      folders.length = entry.depth;
      const parent = folders.at(-1) ?? root;
      const base = baseName(entry.path);
      const path = parent === root ? `/${base}` : `${parent.path}/${base}`;
      const node: FileNode = { id: path, name: base, type: 'file', path };
      if (entry.type === 'directory') Object.assign(node, { type: 'folder', children: [] });
      if (!take(jsonBytes(node) + 1)) return false;
      parent.children?.push(node);
      if (entry.type === 'directory') folders.push(node);
      else files.push({ node, workspacePath: entry.path });
      return true;
    },
  };
}

/** Others get their turn in between; false when not everything had room. */
async function addAll(tree: Tree, entries: readonly TreeEntry[]): Promise<boolean> {
  for (const [index, entry] of entries.entries()) {
    if (index % BREATH === BREATH - 1) await sleep(0);
    if (entry.type !== 'symlink' && !tree.add(entry)) return false;
  }
  return true;
}

/** Keeps the order by name, which the walk has, within both kinds. */
function sortFoldersFirst(node: FileNode): void {
  const pending = [node];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.children === undefined) continue;
    const folders = next.children.filter((child) => child.type === 'folder');
    next.children = [...folders, ...next.children.filter((child) => child.type === 'file')];
    pending.push(...folders);
  }
}

async function addContents(
  workspace: Workspace,
  { files, take }: Tree,
  limits: FileTreeLimits,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + limits.readingMs;
  for (let at = 0; at < files.length && performance.now() < deadline; at += READS_AT_ONCE) {
    const batch = files.slice(at, at + READS_AT_ONCE);
    const texts = await Promise.all(
      batch.map(({ workspacePath }) => readText(workspace, workspacePath, limits.fileBytes, signal)),
    );
    for (const [index, { node }] of batch.entries()) {
      const text = texts[index] ?? null;
      if (text === null) continue;
      if (!take(jsonBytes(text) + KEY_BYTES)) return;
      node.content = text;
    }
  }
}

/** Null for a file that is larger, is no text or cannot be read. */
async function readText(
  workspace: Workspace,
  path: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const { bytes } = await workspace.read(path, { limit: maxBytes + 1 }, signal);
    if (bytes.length > maxBytes) return null;
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function baseName(path: string): string {
  return path.split('/').findLast((name) => name !== '' && name !== '.') ?? WORKSPACE_ROOT.slice(1);
}
