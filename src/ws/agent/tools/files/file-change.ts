import { z } from 'zod';
import type { AnyContext } from '#domain/create-context.ts';
import { emit } from '#domain/events/index.ts';
import { WHOLE_DIRECTORY } from '#domain/permission/index.ts';
import { sha256 } from '#shared/digest.ts';
import { newId } from '#shared/ids.ts';
import type { WorkTerms } from '#shared/work.ts';
import type { ToolScope } from '../../ports.ts';
import { directoryOf, isProtectedPath } from '../paths.ts';
import { failure, type Prepared, plan, refuse, type ToolResult } from '../tool.ts';
import { editTerms } from './edit-work.ts';
import { shownChange } from './shown-change.ts';
import { readTextFile, type TextFile } from './text-file.ts';

/** A file's content before and after, byte for byte; `before` is null for a new file. */
export interface FileChange {
  tool: string;
  path: string;
  before: TextFile | null;
  after: string;
  /** The result's text. */
  message: string;
  metadata?: Record<string, unknown>;
  /** Put a unified diff into the metadata instead of both contents. */
  asDiff?: boolean;
}

const Journal = z.object({ before: z.string().nullable(), after: z.string() });

/** The plan of a change that asks with action `write`, keeps history, and can be compared after a crash. */
export async function planFileChange(
  scope: ToolScope,
  terms: WorkTerms,
  change: FileChange,
): Promise<Prepared> {
  const { path, before, after } = change;
  const directory = directoryOf(path);
  const shown = await shownChange({ scope, terms, path }, before?.text ?? '', after);
  const metadata = {
    ...shown.counts,
    ...(change.asDiff ? { diff: shown.diff } : shown.contents),
    ...change.metadata,
  };
  const journal: z.infer<typeof Journal> = { before: before?.digest ?? null, after: sha256(after) };
  return plan({
    effect: 'idempotent',
    journal: JSON.stringify(journal),
    ask: {
      toolName: change.tool,
      action: 'write',
      description: `${before ? 'Change' : 'Create'} the file ${path}`,
      path: directory,
      params: { file_path: path, ...shown.contents },
      session: isProtectedPath(path)
        ? null
        : { scopes: [WHOLE_DIRECTORY], covers: `${change.tool} of files directly in ${directory}` },
    },
    async run({ signal }) {
      if ((await scope.workspace.resolve(path, signal)) !== path) {
        return failure(`The path ${path} leads elsewhere by now. Nothing was written; look at it again.`);
      }
      const current = await readTextFile(scope.workspace, path, signal);
      if ((current?.digest ?? null) !== journal.before) {
        return failure(`The file ${path} changed in the meantime. Read it again and repeat the change.`);
      }
      await keepOldVersion(scope, path, before);
      await scope.workspace.write(path, Buffer.from(after), signal);
      return done(scope, { path, after, counts: shown.counts, content: change.message, metadata });
    },
  });
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
}

function done(scope: ToolScope, { path, after, counts, content, metadata }: Done): ToolResult {
  const sessionId = scope.session.id;
  return {
    content: `<result>\n${content}\n</result>`,
    metadata,
    storedChars: after.length,
    async commit(tx: AnyContext) {
      const stored = await tx.repositories.fileVersions.add(version(scope, path, after));
      await recordRead(tx, sessionId, path, sha256(after));
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
  const digest = current?.digest ?? null;
  if (digest === journal.data.before) return 'not_done';
  if (!current || digest !== journal.data.after) return null;
  const old = (await scope.files.versions.latest(scope.session.id, path))?.content ?? '';
  const shown = await shownChange({ scope, terms: editTerms(scope), path }, old, current.text);
  return {
    kind: 'result',
    result: done(scope, {
      path,
      after: current.text,
      counts: shown.counts,
      content: `The change of ${path} was completed before an interruption.`,
      metadata: { ...shown.counts, ...shown.contents },
    }),
  };
}

/** Refuses a change of a file of which the session has not read exactly this content. Null: go on. */
export async function refuseUnread(scope: ToolScope, path: string, file: TextFile): Promise<Prepared | null> {
  const read = await scope.files.reads.lastRead(scope.session.id, path);
  if (read === null) return refuse(`Read the file with view before changing it: ${path}`);
  if (read === file.digest) return null;
  return refuse(`The file ${path} was changed after it was read. Read it again before changing it.`);
}

/** Remembers which content of a file the session has seen. */
export function recordRead(tx: AnyContext, sessionId: string, path: string, digest: string): Promise<void> {
  return tx.repositories.fileReads.record(sessionId, path, { digest, readAt: tx.clock.now() });
}
