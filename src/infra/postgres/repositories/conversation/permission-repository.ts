import { and, asc, desc, eq, inArray, lte, type SQL } from 'drizzle-orm';
import type { PermissionRepository, PermissionRequest } from '#domain/permission/index.ts';
import type { RepositoryDeps } from '../../engine/executor.ts';
import { isPendingPermission, permissionGrants, permissionRequests } from '../../schema/index.ts';

export function createPermissionRepository({ executor }: RepositoryDeps): PermissionRepository {
  const first = async (where: SQL | undefined) => {
    const [row] = await executor
      .select()
      .from(permissionRequests)
      .where(where)
      .orderBy(desc(permissionRequests.createdAt), desc(permissionRequests.id))
      .limit(1)
      .execute();
    return row ? toPermissionRequest(row) : null;
  };

  return {
    async insert(request) {
      await executor.insert(permissionRequests).values(request).execute();
    },
    get: (id) => first(eq(permissionRequests.id, id)),
    getByToolCall: (toolCallId) => first(eq(permissionRequests.toolCallId, toolCallId)),
    async listPending(sessionId) {
      const rows = await executor
        .select()
        .from(permissionRequests)
        .where(and(eq(permissionRequests.sessionId, sessionId), isPendingPermission(permissionRequests)))
        .orderBy(asc(permissionRequests.createdAt), asc(permissionRequests.id))
        .execute();
      return rows.map(toPermissionRequest);
    },
    async settle(id, { status, decidedBy, now }) {
      const [row] = await executor
        .update(permissionRequests)
        .set({ status, decidedBy, decidedAt: now })
        .where(and(eq(permissionRequests.id, id), isPendingPermission(permissionRequests)))
        .returning()
        .execute();
      return row ? toPermissionRequest(row) : null;
    },
    async listExpired(now, limit) {
      const rows = await executor
        .select()
        .from(permissionRequests)
        .where(and(isPendingPermission(permissionRequests), lte(permissionRequests.expiresAt, now)))
        .orderBy(asc(permissionRequests.expiresAt))
        .limit(limit)
        .execute();
      return rows.map(toPermissionRequest);
    },
    async grant(grant, scopes) {
      if (scopes.length === 0) return;
      const rows = scopes.map((scope) => ({ ...grant, scope }));
      await executor.insert(permissionGrants).values(rows).onConflictDoNothing().execute();
    },
    async hasGrant({ sessionId, toolName, action, path }, scopes) {
      if (scopes.length === 0) return false;
      const found = await executor
        .select({ scope: permissionGrants.scope })
        .from(permissionGrants)
        .where(
          and(
            eq(permissionGrants.sessionId, sessionId),
            eq(permissionGrants.toolName, toolName),
            eq(permissionGrants.action, action),
            eq(permissionGrants.path, path),
            inArray(permissionGrants.scope, [...scopes]),
          ),
        )
        .execute();
      return found.length === new Set(scopes).size;
    },
  };
}

function toPermissionRequest(row: typeof permissionRequests.$inferSelect): PermissionRequest {
  return row;
}
