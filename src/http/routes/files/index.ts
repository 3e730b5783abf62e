import type { QueryOf } from '#domain/protocol/http/endpoint.ts';
import { API } from '#domain/protocol/http/endpoints.ts';
import {
  getFileContent,
  getFileTree,
  getWorkingTreeDiff,
  type ServedFile,
  type WorkspacePlace,
} from '#domain/workspace/index.ts';
import type { HttpDeps } from '../../deps.ts';
import { ok, type Route, route } from '../../kit/route.ts';
import { fileHeaders } from './content-type.ts';

export function fileRoutes(deps: Pick<HttpDeps, 'workspaces' | 'sourceControl' | 'fileSlots'>): Route[] {
  return [
    route(API.files.getFileTree, async ({ ctx, query, signal }) =>
      ok(await getFileTree(deps, ctx, placeOf(query), signal())),
    ),
    route(API.files.getFileContent, async ({ ctx, query, signal }) =>
      fileReply(await getFileContent(deps, ctx, placeOf(query), signal())),
    ),
    route(API.files.getWorkingTreeDiff, async ({ ctx, query, signal }) => {
      const { diff, truncated } = await getWorkingTreeDiff(deps, ctx, placeOf(query), signal());
      return ok(truncated ? { diff, truncated } : { diff });
    }),
  ];
}

function placeOf({
  project_id,
  session_id,
  path = '',
}: QueryOf<typeof API.files.getFileTree>): WorkspacePlace {
  return { projectId: project_id, sessionId: session_id, path };
}

function fileReply({ stat, first, rest }: ServedFile) {
  const headers = fileHeaders(stat.path.slice(stat.path.lastIndexOf('/') + 1));
  return { status: 200 as const, bytes: rest === null ? first : toStream(first, rest), headers };
}

/** Reads on only as fast as the client does. */
function toStream(first: Uint8Array, rest: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const pieces = rest[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(first),
    async pull(controller) {
      const next = await pieces.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      await pieces.return?.();
    },
  });
}
