import { DomainError } from '../errors.ts';
import type { UpdateProjectRequest } from '../protocol/requests/project.ts';
import { WORKSPACE_ROOT } from '../workspace/workspace.ts';
import type { Project } from './project.ts';
import { subdomainFault } from './subdomain.ts';
import { isDefaultWorkspace } from './workspace-root.ts';

export type ProjectSettings = Omit<
  Project,
  | 'id'
  | 'userId'
  | 'name'
  | 'description'
  | 'workspacePath'
  | 'workspaceRoot'
  | 'createdAt'
  | 'updatedAt'
  | 'deletingSince'
>;

/** Absent fields keep what `before` has; null, empty text and port 0 clear. Throws `unprocessable`. */
export function applySettings(before: ProjectSettings, request: UpdateProjectRequest): ProjectSettings {
  return {
    externalIp: changed(request.external_ip, before.externalIp),
    frontendPort: changed(request.frontend_port, before.frontendPort),
    backendPort: changed(request.backend_port, before.backendPort),
    frontendLanguage: changed(request.frontend_language, before.frontendLanguage),
    backendLanguage: changed(request.backend_language, before.backendLanguage),
    frontendCommand: changed(request.frontend_command, before.frontendCommand),
    backendCommand: changed(request.backend_command, before.backendCommand),
    subdomain: changedSubdomain(request.subdomain, before.subdomain),
    needDatabase: request.need_database ?? before.needDatabase,
  };
}

/** Fields that only the server sets: repeating them is fine, changing them is `unprocessable`. */
export function refuseServerOwned(
  request: UpdateProjectRequest,
  current: { workspacePath: string; isDefault: boolean },
): void {
  const same = (wanted: string | null | undefined, now: string) =>
    wanted === null || wanted === undefined || wanted === '' || wanted === now;
  if (!same(request.container_name, '')) throw serverOwned('container_name');
  if (!same(request.workdir_path, WORKSPACE_ROOT)) throw serverOwned('workdir_path');
  const asDefault = current.isDefault && isDefaultWorkspace(request.workspace_path);
  if (!asDefault && !same(request.workspace_path, current.workspacePath)) throw serverOwned('workspace_path');
}

function changed<T extends string | number>(wanted: T | null | undefined, before: T | null): T | null {
  if (wanted === undefined) return before;
  return wanted === '' || wanted === 0 ? null : wanted;
}

/** A whole host name is the client's own affair. A label is ours, without case; the stored one may be repeated. */
function changedSubdomain(wanted: string | null | undefined, before: string | null): string | null {
  if (wanted?.includes('.')) return wanted;
  const label = changed(wanted?.toLowerCase() ?? wanted, before);
  const fault = label === null || label === before?.toLowerCase() ? null : subdomainFault(label);
  if (fault === null) return label;
  throw new DomainError('unprocessable', `subdomain: ${fault}`, { field: 'subdomain' });
}

function serverOwned(field: string): DomainError {
  return new DomainError('unprocessable', `${field}: set by the server, it cannot be changed`, { field });
}
