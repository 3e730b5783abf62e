import type { PermissionGrant, PermissionRequest, PermissionStatus } from './permission.ts';

export interface PermissionRepository {
  insert(request: PermissionRequest): Promise<void>;
  get(id: string): Promise<PermissionRequest | null>;
  /** The newest request of a tool call, whatever its status. */
  getByToolCall(toolCallId: string): Promise<PermissionRequest | null>;
  listPending(sessionId: string): Promise<PermissionRequest[]>;
  /** Compare-and-set from `pending`; null when somebody was faster. */
  settle(
    id: string,
    outcome: { status: Exclude<PermissionStatus, 'pending'>; decidedBy: string | null; now: number },
  ): Promise<PermissionRequest | null>;
  /** Pending requests whose `expiresAt` has passed. */
  listExpired(now: number, limit: number): Promise<PermissionRequest[]>;
  grant(grant: Omit<PermissionGrant, 'scope'>, scopes: readonly string[]): Promise<void>;
  /** Whether each of the scopes, of which there has to be one, is granted. */
  hasGrant(
    key: Pick<PermissionGrant, 'sessionId' | 'toolName' | 'action' | 'path'>,
    scopes: readonly string[],
  ): Promise<boolean>;
}
