import type { ProjectView } from '../protocol/views/project.ts';
import { WORKSPACE_ROOT } from '../workspace/workspace.ts';
import type { Project } from './project.ts';

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
