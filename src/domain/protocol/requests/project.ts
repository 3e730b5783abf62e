import { z } from 'zod';
import { BackendLanguage } from '../views/project.ts';

const text = (max: number) => z.string().max(max).nullish();
const host = z
  .string()
  .max(253)
  .regex(/^[A-Za-z0-9.:_[\]-]*$/, 'not a host name or address')
  .nullish();
const port = z.number().int().min(0).max(65_535).nullish();

/** Null stands for absent; clients send it for whatever their form left empty. Other keys are ignored. */
const projectFields = {
  external_ip: host,
  frontend_port: port,
  backend_port: port,
  frontend_language: text(100),
  backend_language: BackendLanguage.nullish(),
  frontend_command: text(4000),
  backend_command: text(4000),
  need_database: z.boolean().nullish(),
  subdomain: host.describe(
    'one label, unique: the name of the host below preview.base_url that shows the frontend_port; a name with dots is kept as it is',
  ),
  workspace_path: text(4096),
  container_name: text(255),
  workdir_path: text(4096),
};
const ProjectName = z.string().trim().min(1).max(200);

export const CreateProjectRequest = z
  .object({
    name: ProjectName,
    description: text(10_000),
    ...projectFields,
    git_url: text(2048),
    git_ref: text(250),
  })
  .meta({ id: 'CreateProjectRequest' });
export type CreateProjectRequest = z.infer<typeof CreateProjectRequest>;

export const UpdateProjectRequest = z
  .object({ name: ProjectName.nullish(), description: text(10_000), ...projectFields })
  .meta({ id: 'UpdateProjectRequest' });
export type UpdateProjectRequest = z.infer<typeof UpdateProjectRequest>;
