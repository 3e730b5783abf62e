import { z } from 'zod';
import { WORKSPACE_ROOT } from '#domain/workspace/index.ts';
import { ok } from '#http/kit/route.ts';
import { newId } from '#shared/ids.ts';
import type { SandboxDeps } from '../deps.ts';
import { projectIdOf } from '../project-ref.ts';
import { type SandboxRoute, SMALL_BODY_BYTES } from '../route.ts';

const CreateRequest = z.object({
  project_name: z.string().min(1).max(1024),
  project_id: z.string().max(64).optional(),
  backend_language: z.string().nullish(),
  need_database: z.boolean().nullish(),
});

const DeleteRequest = z
  .object({ container_id: z.string().max(64).optional(), project_id: z.string().max(64).optional() })
  .refine((body) => (body.container_id ?? body.project_id) !== undefined, 'container_id is required');

/** A workspace takes the place of a container: its id is the project's, and no ports are published. */
export function projectRoutes({ provider, activity }: SandboxDeps): SandboxRoute[] {
  return [
    {
      method: 'POST',
      path: '/projects/create',
      access: 'token',
      bodyLimit: SMALL_BODY_BYTES,
      async handle(request) {
        const body = await request.json(CreateRequest);
        const projectId = body.project_id === undefined ? newId() : projectIdOf(body);
        await provider.create(projectId, null);
        activity.touch(projectId);
        return ok({
          status: 'ok',
          project_id: projectId,
          container_id: projectId,
          container_name: `${slug(body.project_name)}-${projectId}`,
          frontend_port: null,
          backend_port: null,
          image: null,
          workdir: WORKSPACE_ROOT,
          message: 'The workspace is ready',
        });
      },
    },
    {
      method: 'POST',
      path: '/projects/delete',
      access: 'token',
      bodyLimit: SMALL_BODY_BYTES,
      async handle(request) {
        const body = await request.json(DeleteRequest);
        const projectId = projectIdOf({ project_id: body.container_id ?? body.project_id });
        activity.stop(projectId);
        await provider.destroy(projectId, null);
        return ok({ status: 'ok', message: 'The workspace is removed' });
      },
    },
  ];
}

const MAX_SLUG_LENGTH = 40;

function slug(name: string): string {
  const words = name.toLowerCase().match(/[a-z0-9]+/g) ?? ['project'];
  return words.join('-').slice(0, MAX_SLUG_LENGTH);
}
