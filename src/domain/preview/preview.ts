import type { Project } from '../project/project.ts';

/** Who may see what listens on one port of a project, and by which login. */
export interface PreviewGrant {
  projectId: string;
  port: number;
  userId: string;
  loginSessionId: string;
  /** Unix ms. */
  issuedAt: number;
  expiresAt: number;
}

/** A `ticket` stands in an address that is opened soon; a `pass` is what a browser keeps. */
export type GrantUse = 'ticket' | 'pass';

/** Signs grants. */
export interface PreviewSigner {
  sign(grant: PreviewGrant, use: GrantUse): string;
  /** Null for what was not signed here, for the other use, and once it has expired. */
  verify(text: string, use: GrantUse, now: number): PreviewGrant | null;
}

export interface PreviewPlace extends Pick<PreviewGrant, 'projectId' | 'port'> {
  /** The name of its host, where it has one of its own. */
  label: string | null;
}

/** The project's subdomain is the name of what its frontend shows, if it is a label and no other host's whole name. */
export function previewLabel(
  { subdomain, frontendPort }: Pick<Project, 'subdomain' | 'frontendPort'>,
  port: number,
): string | null {
  return port === frontendPort && !subdomain?.includes('.') ? subdomain : null;
}

/** Where previews are reached. */
export interface PreviewAddresses {
  /** What an address carries: a ticket where the preview has an origin of its own, which keeps a pass. */
  readonly use: GrantUse;
  /** Absolute, or a path on this server. */
  urlOf(place: PreviewPlace, signed: string): string;
}

export const TICKET_LIFE_MS = 60_000;
export const PASS_LIFE_MS = 12 * 3_600_000;
