import { z } from 'zod';
import { FILE_TREE_LIMITS, readFileTree } from '#domain/workspace/index.ts';
import { ok } from '#http/kit/route.ts';
import type { SandboxDeps } from '../deps.ts';
import { openProject } from '../open-project.ts';
import { ProjectRef, workspacePathOf } from '../project-ref.ts';
import { type SandboxRoute, SMALL_BODY_BYTES } from '../route.ts';

const DEFAULT_LIMIT = 1000;
const Limit = z.int().min(1).max(100_000).default(DEFAULT_LIMIT);

const GrepRequest = ProjectRef.extend({
  pattern: z.string(),
  path: z.string().optional(),
  include: z.string().optional(),
  literal: z.boolean().optional(),
  limit: Limit,
});
const GlobRequest = ProjectRef.extend({ pattern: z.string(), path: z.string().optional(), limit: Limit });

/** Answers have the form of the commands that such services used to run, and the same as data. */
export function searchRoutes(deps: SandboxDeps): SandboxRoute[] {
  return [
    {
      method: 'POST',
      path: '/file/grep',
      access: 'token',
      bodyLimit: SMALL_BODY_BYTES,
      async handle(request) {
        const { pattern, path, include, literal, limit, ...ref } = await request.json(GrepRequest);
        const workspace = await openProject(deps, ref);
        const options = { path: workspacePathOf(path), include, literal, limit };
        const { matches, truncated } = await workspace.grep(pattern, options, request.signal());
        const lines = matches.map((match) => `${match.path}:${match.line}:${match.text}`);
        return ok({ ...asOutput(lines), matches, truncated });
      },
    },
    {
      method: 'POST',
      path: '/file/glob',
      access: 'token',
      bodyLimit: SMALL_BODY_BYTES,
      async handle(request) {
        const { pattern, path, limit, ...ref } = await request.json(GlobRequest);
        const workspace = await openProject(deps, ref);
        const options = { path: workspacePathOf(path), limit };
        const { paths, truncated } = await workspace.glob(anyDepth(pattern), options, request.signal());
        return ok({ ...asOutput(paths), paths, truncated });
      },
    },
    {
      method: 'GET',
      path: '/file/tree',
      access: 'token',
      async handle(request) {
        const workspace = await openProject(deps, {
          project_id: request.query('project_id'),
          session_id: request.query('session_id'),
        });
        const path = workspacePathOf(request.query('path') ?? '.');
        const readingMs = request.query('content') === 'false' ? 0 : FILE_TREE_LIMITS.readingMs;
        const limits = { ...FILE_TREE_LIMITS, readingMs };
        const tree = await readFileTree(workspace, path, request.signal(), limits);
        return ok({ status: 'ok', tree, truncated: tree.truncated === true });
      },
    },
  ];
}

function asOutput(lines: readonly string[]): object {
  const stdout = lines.map((line) => `${line}\n`).join('');
  return { status: 'ok', stdout, stderr: '', exit_code: lines.length > 0 ? 0 : 1 };
}

/** A pattern without a slash means base names at any depth, as with find(1). */
function anyDepth(pattern: string): string {
  return pattern.includes('/') || pattern === '' ? pattern : `**/${pattern}`;
}
