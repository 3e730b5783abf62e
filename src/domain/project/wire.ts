import { z } from 'zod';
import { WORKSPACE_ROOT } from '../workspace/workspace.ts';
import { BackendLanguage, type Project } from './project.ts';

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
  subdomain: host,
  workspace_path: text(4096),
  container_name: text(255),
  workdir_path: text(4096),
};
const ProjectName = z.string().trim().min(1).max(200);

export const CreateProjectRequest = z.object({
  name: ProjectName,
  description: text(10_000),
  ...projectFields,
  git_url: text(2048),
  git_ref: text(250),
});
export type CreateProjectRequest = z.infer<typeof CreateProjectRequest>;

export const UpdateProjectRequest = z.object({
  name: ProjectName.nullish(),
  description: text(10_000),
  ...projectFields,
});
export type UpdateProjectRequest = z.infer<typeof UpdateProjectRequest>;

/** The project object of the protocol. Absent keys stand for null. */
export interface ProjectView {
  id: string;
  name: string;
  description: string;
  external_ip: string;
  frontend_port: number;
  workspace_path: string;
  workdir_path: string;
  backend_port?: number;
  frontend_command?: string;
  frontend_language?: string;
  backend_command?: string;
  backend_language?: string;
  subdomain?: string;
  created_at: number;
  updated_at: number;
}

export function toProjectView(project: Project): ProjectView {
  return {
    id: project.id,
    name: project.name,
    description: project.description,
    external_ip: project.externalIp ?? '',
    frontend_port: project.frontendPort ?? 0,
    workspace_path: project.workspacePath,
    workdir_path: WORKSPACE_ROOT,
    backend_port: project.backendPort ?? undefined,
    frontend_command: project.frontendCommand ?? undefined,
    frontend_language: project.frontendLanguage ?? undefined,
    backend_command: project.backendCommand ?? undefined,
    backend_language: project.backendLanguage ?? undefined,
    subdomain: project.subdomain ?? undefined,
    created_at: project.createdAt,
    updated_at: project.updatedAt,
  };
}
