import { z } from 'zod';
import type { AnyContext } from '#domain/create-context.ts';
import { emit } from '#domain/events/index.ts';
import type { FileStat } from '#domain/workspace/index.ts';
import { sha256 } from '#shared/digest.ts';
import { newId } from '#shared/ids.ts';
import type { ToolScope } from '../../ports.ts';
import { directoryOf, isProtectedPath } from '../paths.ts';
import { failure, type Prepared, plan, refuse, type ToolResult } from '../tool.ts';
import { countChanges, unifiedDiff } from './diff-text.ts';
import { readTextFile, type TextFile } from './text-file.ts';

/** A file's content before and after, with LF line ends; `before` is null for a new file. */
export interface FileChange {
  tool: string;
  path: string;
  before: TextFile | null;
  after: string;
  /** Line ends to write; default: those of `before`. */
  crlf?: boolean;
  /** The result's text. */
  message: string;
  metadata?: Record<string, unknown>;
  /** Put a unified diff into the metadata instead of both contents. */
  asDiff?: boolean;
}

const Journal = z.object({ before: z.string().nullable(), after: z.string() });

/** The plan of a change that asks with action `write`, keeps history, and can be compared after a crash. */
export function planFileChange(scope: ToolScope, change: FileChange): Prepared {
  const { path, before, after } = change;
  const old = before?.text ?? '';
  const target = (change.crlf ?? before?.crlf) ? after.replaceAll('\n', '\r\n') : after;
  const counts = countChanges(old, after);
  const metadata = {
    ...counts,
    ...(change.asDiff ? { diff: unifiedDiff(path, old, after) } : { old_content: old, new_content: after }),
    ...change.metadata,
  };
  const journal: z.infer<typeof Journal> = {
    before: before ? sha256(before.text) : null,
    after: sha256(after),
  };
  return plan({
    effect: 'idempotent',
    journal: JSON.stringify(journal),
    ask: {
      toolName: change.tool,
      action: 'write',
      description: `${before ? 'Change' : 'Create'} the file ${path}`,
      path: directoryOf(path),
      params: { file_path: path, old_content: old, new_content: after },
      always: isProtectedPath(path),
    },
    async run({ signal }) {
      const current = await scope.workspace.stat(path, signal);
      if (mtime(current) !== mtime(before?.stat ?? null)) {
        return failure(`The file ${path} changed in the meantime. Read it again and repeat the change.`);
      }
      await keepOldVersion(scope, path, before);
      const stat = await scope.workspace.write(path, Buffer.from(target), signal);
      return done(scope, { path, after, counts, content: change.message, metadata, mtimeMs: stat.mtimeMs });
    },
  });
}

function mtime(stat: FileStat | null): number | null {
  return stat && Math.floor(stat.mtimeMs);
}

/** What the tool found is stored before it is overwritten: after a crash nobody could know it. */
async function keepOldVersion(scope: ToolScope, path: string, before: TextFile | null): Promise<void> {
  const latest = await scope.files.versions.latest(scope.session.id, path);
  const content = before?.text ?? '';
  if (latest?.content === content) return;
  await scope.files.versions.add(version(scope, path, content));
}

function version(scope: ToolScope, path: string, content: string) {
  return { id: newId(), sessionId: scope.session.id, path, content, createdAt: scope.clock.now() };
}

interface Done {
  path: string;
  after: string;
  counts: { additions: number; removals: number };
  content: string;
  metadata: Record<string, unknown>;
  mtimeMs: number;
}

function done(scope: ToolScope, { path, after, counts, content, metadata, mtimeMs }: Done): ToolResult {
  const sessionId = scope.session.id;
  return {
    content: `<result>\n${content}\n</result>`,
    metadata,
    async commit(tx: AnyContext) {
      const stored = await tx.repositories.fileVersions.add(version(scope, path, after));
      await tx.repositories.fileReads.record(sessionId, path, Math.floor(mtimeMs));
      await emit(tx, { Type: 'file_event', session_id: sessionId, path, version: stored.version, ...counts });
    },
  };
}

/** Compares the file with what an interrupted call was about to write. Null: it is in neither state. */
export async function recoverFileChange(
  scope: ToolScope,
  path: string,
  journalText: string,
): Promise<'not_done' | Prepared | null> {
  const journal = Journal.safeParse(JSON.parse(journalText));
  if (!journal.success) return null;
  const current = await readTextFile(scope.workspace, path, scope.signal);
  const digest = current ? sha256(current.text) : null;
  if (digest === journal.data.before) return 'not_done';
  if (!current || digest !== journal.data.after) return null;
  const old = (await scope.files.versions.latest(scope.session.id, path))?.content ?? '';
  return {
    kind: 'result',
    result: done(scope, {
      path,
      after: current.text,
      counts: countChanges(old, current.text),
      content: `The change of ${path} was completed before an interruption.`,
      metadata: { ...countChanges(old, current.text), old_content: old, new_content: current.text },
      mtimeMs: current.stat.mtimeMs,
    }),
  };
}

/** Refuses a change of a file that the session has not read, or not in its present state. Null: go on. */
export async function refuseUnread(scope: ToolScope, path: string, file: TextFile): Promise<Prepared | null> {
  const readAt = await scope.files.reads.lastRead(scope.session.id, path);
  if (readAt === null) return refuse(`Read the file with view before changing it: ${path}`);
  if (Math.floor(file.stat.mtimeMs) <= readAt) return null;
  return refuse(`The file ${path} was changed after it was read. Read it again before changing it.`);
}
