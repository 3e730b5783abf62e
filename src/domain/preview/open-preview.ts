import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { getOwnedProject, refuseDeleted } from '../project/get-owned-project.ts';
import type { Project } from '../project/project.ts';
import type { PreviewView } from '../protocol/views/preview.ts';
import {
  PASS_LIFE_MS,
  type PreviewAddresses,
  type PreviewSigner,
  previewLabel,
  TICKET_LIFE_MS,
} from './preview.ts';

export interface OpenPreviewDeps {
  previewSigner: Pick<PreviewSigner, 'sign'>;
  previewAddresses: PreviewAddresses;
}

/** An address that shows what listens on a port of an owned project, to whoever opens it. */
export async function openPreview(
  deps: OpenPreviewDeps,
  ctx: Context<'projects'>,
  input: { projectId: string; port?: number },
): Promise<PreviewView> {
  const project = await getOwnedProject(ctx, input.projectId);
  refuseDeleted(project);
  const port = input.port ?? project.frontendPort;
  if (port === null) {
    throw new DomainError('unprocessable', 'port: name one, or set the frontend_port of the project', {
      field: 'port',
    });
  }
  return addressPreview(deps, ctx, project, port);
}

/** For a project that the actor is known to own. Throws `forbidden` for the service itself. */
export function addressPreview(
  { previewSigner, previewAddresses }: OpenPreviewDeps,
  { actor, clock }: Context<never>,
  project: Project,
  port: number,
): PreviewView {
  if (actor.kind !== 'user') throw new DomainError('forbidden', 'A preview needs a user');
  const { use } = previewAddresses;
  const issuedAt = clock.now();
  const expiresAt = issuedAt + (use === 'ticket' ? TICKET_LIFE_MS : PASS_LIFE_MS);
  const { userId, loginSessionId } = actor;
  const grant = { projectId: project.id, port, userId, loginSessionId, issuedAt, expiresAt };
  return {
    url: previewAddresses.urlOf(
      { ...grant, label: previewLabel(project, port) },
      previewSigner.sign(grant, use),
    ),
    port,
    is_own_origin: use === 'ticket',
    expires_at: expiresAt,
  };
}
