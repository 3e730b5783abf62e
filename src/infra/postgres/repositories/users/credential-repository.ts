import { and, asc, eq, ne } from 'drizzle-orm';
import type { CredentialRepository, ProviderCredential } from '#domain/provider/index.ts';
import type { RepositoryDeps } from '../../engine/executor.ts';
import { providerCredentials } from '../../schema/index.ts';

export function createCredentialRepository({ executor, atomically }: RepositoryDeps): CredentialRepository {
  return {
    async get(userId, provider) {
      const [row] = await executor
        .select()
        .from(providerCredentials)
        .where(and(eq(providerCredentials.userId, userId), eq(providerCredentials.provider, provider)))
        .execute();
      return row ? toCredential(row) : null;
    },
    async list(userId) {
      const rows = await executor
        .select()
        .from(providerCredentials)
        .where(eq(providerCredentials.userId, userId))
        .orderBy(asc(providerCredentials.provider))
        .execute();
      return rows.map(toCredential);
    },
    /** A new default takes the place of the old one. */
    put: (credential) =>
      atomically(async (transaction) => {
        const { userId, provider, ...changes } = credential;
        await transaction
          .insert(providerCredentials)
          .values(credential)
          .onConflictDoUpdate({
            target: [providerCredentials.userId, providerCredentials.provider],
            set: changes,
          })
          .execute();
        if (!credential.isDefault) return;
        await transaction
          .update(providerCredentials)
          .set({ isDefault: false })
          .where(
            and(
              eq(providerCredentials.userId, userId),
              ne(providerCredentials.provider, provider),
              eq(providerCredentials.isDefault, true),
            ),
          )
          .execute();
      }),
  };
}

function toCredential(row: typeof providerCredentials.$inferSelect): ProviderCredential {
  return row;
}
