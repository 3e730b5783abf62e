import {
  getFileContent,
  getFileTree,
  getWorkingTreeDiff,
  type ServedFile,
  type WorkspacePlace,
} from '#domain/workspace/index.ts';
import type { HttpDeps } from '../../deps.ts';
import { ok, type Reply, type Route, type RouteRequest } from '../../kit/route.ts';
import { fileHeaders } from './content-type.ts';

export function fileRoutes(deps: Pick<HttpDeps, 'workspaces' | 'sourceControl'>): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/files',
      access: 'user',
      async handle(request) {
        return ok(await getFileTree(deps, request.ctx, placeOf(request), request.signal()));
      },
    },
    {
      method: 'GET',
      path: '/api/files/content',
      access: 'user',
      async handle(request) {
        return fileReply(await getFileContent(deps, request.ctx, placeOf(request), request.signal()));
      },
    },
    {
      method: 'GET',
      path: '/api/files/diff',
      access: 'user',
      async handle(request) {
        const { diff, truncated } = await getWorkingTreeDiff(
          deps,
          request.ctx,
          placeOf(request),
          request.signal(),
        );
        return ok(truncated ? { diff, truncated } : { diff });
      },
    },
  ];
}

function placeOf({ query }: RouteRequest): WorkspacePlace {
  return { projectId: query('project_id'), sessionId: query('session_id'), path: query('path') ?? '' };
}

function fileReply({ stat, first, rest }: ServedFile): Reply {
  const headers = fileHeaders(stat.path.slice(stat.path.lastIndexOf('/') + 1));
  return { status: 200, bytes: rest === null ? first : toStream(first, rest), headers };
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
