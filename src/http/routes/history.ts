import { createTwoFilesPatch } from 'diff';
import {
  type FileVersion,
  type FileVersionSummary,
  getFileHistory,
  listFileVersions,
} from '#domain/history/index.ts';
import { API } from '#domain/protocol/http/endpoints.ts';
import { WORKSPACE_ROOT } from '#domain/workspace/index.ts';
import { ok, type Route, route } from '../kit/route.ts';

/** Beyond these a diff is not worth its time, and is left out. */
const MAX_DIFF_CHARS = 2_000_000;
const DIFF_TIMEOUT_MS = 500;

/** What a session did to files: its versions, and for one file their contents and the diffs between them. */
export function historyRoutes(): Route[] {
  return [
    route(API.history.listFileVersions, async ({ ctx, params }) =>
      ok((await listFileVersions(ctx, params.id)).map(summaryOf)),
    ),
    route(API.history.getFileHistory, async ({ ctx, params }) => {
      const path = toWorkspacePath(params.path);
      const versions = await getFileHistory(ctx, { sessionId: params.id, path });
      return ok({
        path,
        versions: versions.map((version, index) => detailOf(version, versions[index - 1])),
      });
    }),
  ];
}

function summaryOf({ id, path, version, size, createdAt }: Omit<FileVersionSummary, 'sessionId'>) {
  return { id, path, version, size, created_at: createdAt };
}

function detailOf(version: FileVersion, before: FileVersion | undefined) {
  const diff = before === undefined ? undefined : unifiedDiff(version.path, before.content, version.content);
  const size = Buffer.byteLength(version.content);
  return { ...summaryOf({ ...version, size }), content: version.content, diff };
}

function unifiedDiff(path: string, before: string, after: string): string | undefined {
  if (before.length + after.length > MAX_DIFF_CHARS) return undefined;
  return createTwoFilesPatch(path, path, before, after, '', '', { timeout: DIFF_TIMEOUT_MS });
}

/** The workspace's root may be left out. */
function toWorkspacePath(path: string): string {
  const absolute = path.startsWith('/') ? path : `/${path}`;
  return absolute.startsWith(`${WORKSPACE_ROOT}/`) ? absolute : `${WORKSPACE_ROOT}${absolute}`;
}
