import { z } from 'zod';
import { PermissionDecision } from '../protocol/requests/prompt.ts';

export { PermissionDecision };

export const PermissionStatus = z.enum(['pending', 'allowed', 'denied', 'expired', 'cancelled']);
export type PermissionStatus = z.infer<typeof PermissionStatus>;

/** What a tool wants to do, as shown to the user. `path` is a workspace path; grants cover its directory. */
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
  createdAt: z.number(),
});
export type PermissionRequest = z.infer<typeof PermissionRequest>;

export const PermissionGrant = z.object({
  sessionId: z.uuid(),
  toolName: z.string(),
  action: z.string(),
  /** A directory. */
  path: z.string(),
  grantedBy: z.string(),
  createdAt: z.number(),
});
export type PermissionGrant = z.infer<typeof PermissionGrant>;
