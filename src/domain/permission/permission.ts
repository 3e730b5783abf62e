import { z } from 'zod';
import { PermissionDecision } from '../protocol/requests/prompt.ts';

export { PermissionDecision };

export const PermissionStatus = z.enum(['pending', 'allowed', 'denied', 'expired', 'cancelled']);
export type PermissionStatus = z.infer<typeof PermissionStatus>;

/** What a tool wants to do, as shown to the user. `path` is a workspace path. */
export const PermissionAsk = z.object({
  toolName: z.string(),
  action: z.string(),
  description: z.string(),
  path: z.string(),
  params: z.unknown(),
});
export type PermissionAsk = z.infer<typeof PermissionAsk>;

export const PermissionRequest = PermissionAsk.extend({
  id: z.uuid(),
  sessionId: z.uuid(),
  turnId: z.uuid(),
  toolCallId: z.uuid(),
  /** SHA-256 over tool, action, path and params: an answer holds for exactly what was shown. */
  fingerprint: z.string(),
  status: PermissionStatus,
  decidedBy: z.string().nullable(),
  decidedAt: z.number().nullable(),
  /** Null: never. */
  expiresAt: z.number().nullable(),
  /** What an answer for the session covers, as the description tells; none: this request alone. */
  scopes: z.array(z.string()),
  createdAt: z.number(),
});
export type PermissionRequest = z.infer<typeof PermissionRequest>;

/** The scope of a grant that is limited by tool, action and directory alone. */
export const WHOLE_DIRECTORY = '';

export const PermissionGrant = z.object({
  sessionId: z.uuid(),
  toolName: z.string(),
  action: z.string(),
  /** A directory. */
  path: z.string(),
  /** What of the action is granted there, in words of the tool's own. */
  scope: z.string(),
  grantedBy: z.string(),
  createdAt: z.number(),
});
export type PermissionGrant = z.infer<typeof PermissionGrant>;
