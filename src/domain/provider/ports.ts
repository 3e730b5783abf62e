import type { ProviderCredential } from './provider.ts';

export interface CredentialRepository {
  get(userId: string, provider: string): Promise<ProviderCredential | null>;
  list(userId: string): Promise<ProviderCredential[]>;
  put(credential: ProviderCredential): Promise<void>;
}
