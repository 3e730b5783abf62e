import {
  type CompareTexts,
  type Comparison,
  type FileVersion,
  type FileVersionSummary,
  getFileHistory,
  listFileVersions,
  REQUEST_WORK_MS,
} from '#domain/history/index.ts';
import { API } from '#domain/protocol/http/endpoints.ts';
import { WORKSPACE_ROOT } from '#domain/workspace/index.ts';
import type { HttpDeps } from '../deps.ts';
import { ok, type Route, route } from '../kit/route.ts';
import { nextCursorHeader, pageReply } from './page-reply.ts';

/** What a session did to files: its versions, and for one file their contents and the diffs between them. */
export function historyRoutes({ compareTexts }: Pick<HttpDeps, 'compareTexts'>): Route[] {
  return [
    route(API.history.listFileVersions, async ({ ctx, params, query }) =>
      pageReply(await listFileVersions(ctx, { sessionId: params.id, ...query }), summaryOf),
    ),
    route(API.history.getFileHistory, async ({ ctx, params, query, access }) => {
      const path = toWorkspacePath(params.path);
      const page = await getFileHistory(ctx, { sessionId: params.id, path, ...query });
      const diffs = await diffsOf(compareTexts, page, access.user.id);
      const versions = page.versions.map((version, at) => detailOf(version, diffs[at]));
      return ok({ path, versions }, nextCursorHeader(page.next));
    }),
  ];
}

function summaryOf({ id, path, version, size, createdAt }: Omit<FileVersionSummary, 'sessionId'>) {
  return { id, path, version, size, created_at: createdAt };
}

function detailOf(version: FileVersion, compared: Comparison | undefined) {
  const size = Buffer.byteLength(version.content);
  return {
    ...summaryOf({ ...version, size }),
    content: version.content,
    diff: compared?.diff ?? undefined,
  };
}

/** From the version before each, one after the other, all within the time of one request. */
async function diffsOf(
  compare: CompareTexts,
  { before, versions }: { before: FileVersion | null; versions: readonly FileVersion[] },
  userId: string,
): Promise<Array<Comparison | undefined>> {
  const terms = { key: userId, budget: { leftMs: REQUEST_WORK_MS } };
  const diffs: Array<Comparison | undefined> = [];
  let last = before;
  for (const version of versions) {
    const { path } = version;
    diffs.push(
      last === null
        ? undefined
        : await compare(
            { oldName: path, newName: path, before: last.content, after: version.content },
            terms,
          ),
    );
    last = version;
  }
  return diffs;
}

/** The workspace's root may be left out. */
function toWorkspacePath(path: string): string {
  const absolute = path.startsWith('/') ? path : `/${path}`;
  return absolute.startsWith(`${WORKSPACE_ROOT}/`) ? absolute : `${WORKSPACE_ROOT}${absolute}`;
}
