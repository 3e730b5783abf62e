import { z } from 'zod';
import { DomainError } from '#domain/errors.ts';
import type { FileContent, Workspace } from '#domain/workspace/index.ts';
import { ok, type Reply } from '#http/kit/route.ts';
import {
  FILE_STAT_HEADER,
  HostGlobRequest,
  HostGrepRequest,
  HostTreeRequest,
} from '#infra/sandbox/wire/host-wire.ts';
import type { SandboxDeps } from '../deps.ts';
import { projectIdOf } from '../project-ref.ts';
import { type SandboxRequest, type SandboxRoute, SMALL_BODY_BYTES } from '../route.ts';

/** What a workspace takes at most in one write. */
const MAX_FILE_BODY_BYTES = 64 * 1024 * 1024;
const PROJECT = '/v1/projects/:id';

const WholeNumber = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** The port of a workspace over HTTP; commands go over the channel. `?root=` names an operator-listed directory. */
export function workspaceRoutes({ provider, activity }: SandboxDeps): SandboxRoute[] {
  const place = (request: SandboxRequest): [string, string | null] => [
    projectIdOf({ project_id: request.param('id') }),
    request.query('root') ?? null,
  ];

  /** A route whose handler gets the open workspace and the path that was asked for. */
  function on(
    method: SandboxRoute['method'],
    path: string,
    handle: (workspace: Workspace, request: SandboxRequest, path: string) => Promise<Reply>,
    bodyLimit?: number,
  ): SandboxRoute {
    return {
      method,
      path: `${PROJECT}${path}`,
      access: 'token',
      bodyLimit,
      async handle(request) {
        const workspace = await provider.open(...place(request));
        activity.touch(workspace.projectId);
        return handle(workspace, request, request.query('path') ?? '');
      },
    };
  }

  return [
    {
      method: 'PUT',
      path: PROJECT,
      access: 'token',
      async handle(request) {
        const [projectId, root] = place(request);
        const created = await provider.create(projectId, root);
        activity.touch(projectId);
        return ok({ status: 'ok', root: created.root });
      },
    },
    {
      method: 'DELETE',
      path: PROJECT,
      access: 'token',
      async handle(request) {
        const [projectId, root] = place(request);
        activity.stop(projectId);
        await provider.destroy(projectId, root);
        return ok({ status: 'ok' });
      },
    },
    on('GET', '', async () => ok({ status: 'ok' })),
    on('GET', '/stat', async (workspace, request, path) =>
      ok({ stat: await workspace.stat(path, request.signal()) }),
    ),
    on('GET', '/resolve', async (workspace, request, path) =>
      ok({ path: await workspace.resolve(path, request.signal()) }),
    ),
    on('GET', '/file', async (workspace, request, path) => {
      const range = { offset: wholeNumber(request, 'offset'), limit: wholeNumber(request, 'limit') };
      return fileReply(await workspace.read(path, range, request.signal()));
    }),
    on(
      'PUT',
      '/file',
      async (workspace, request, path) =>
        ok(await workspace.write(path, await request.bytes(), request.signal())),
      MAX_FILE_BODY_BYTES,
    ),
    on('DELETE', '/file', async (workspace, request, path) => {
      await workspace.remove(path, request.signal());
      return ok({ status: 'ok' });
    }),
    on('GET', '/list', async (workspace, request, path) =>
      ok(await workspace.list(path, wholeNumber(request, 'limit') ?? 0, request.signal())),
    ),
    ...searches(on),
  ];
}

function searches(
  on: (
    method: SandboxRoute['method'],
    path: string,
    handle: (workspace: Workspace, request: SandboxRequest) => Promise<Reply>,
    bodyLimit: number,
  ) => SandboxRoute,
): SandboxRoute[] {
  return [
    on(
      'POST',
      '/tree',
      async (workspace, request) => {
        const { path, ...options } = await request.json(HostTreeRequest);
        return ok(await workspace.tree(path, options, request.signal()));
      },
      SMALL_BODY_BYTES,
    ),
    on(
      'POST',
      '/glob',
      async (workspace, request) => {
        const { pattern, ...options } = await request.json(HostGlobRequest);
        return ok(await workspace.glob(pattern, options, request.signal()));
      },
      SMALL_BODY_BYTES,
    ),
    on(
      'POST',
      '/grep',
      async (workspace, request) => {
        const { pattern, ...options } = await request.json(HostGrepRequest);
        return ok(await workspace.grep(pattern, options, request.signal()));
      },
      SMALL_BODY_BYTES,
    ),
  ];
}

function wholeNumber(request: SandboxRequest, name: string): number | undefined {
  const text = request.query(name);
  if (text === undefined) return undefined;
  const parsed = WholeNumber.safeParse(text);
  if (parsed.success && text !== '') return parsed.data;
  throw new DomainError('invalid_input', `${name} must be a whole number`);
}

/** The bytes; what the file is travels in a header. */
function fileReply({ bytes, stat }: FileContent): Reply {
  const headers = {
    'content-type': 'application/octet-stream',
    [FILE_STAT_HEADER]: encodeURIComponent(JSON.stringify(stat)),
  };
  return { status: 200, bytes, headers };
}
