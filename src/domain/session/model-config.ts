import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import type { ModelConfigRequest } from '../protocol/requests/session.ts';
import type { Catalogue } from '../provider/provider.ts';
import { sessionKeyContext } from '../provider/secret-contexts.ts';
import { tenantBaseUrl } from '../provider/tenant-base-url.ts';
import type { SecretBox } from '../user/ports.ts';
import type { Session, SessionModelConfig } from './session.ts';
import { FOREIGN_KEY_MASK, keyHint, maskedKey } from './wire.ts';

export interface ModelConfigDeps {
  catalogue: Pick<Catalogue, 'provider'>;
  secrets: Pick<SecretBox, 'seal'>;
}

type StoredKey = Pick<SessionModelConfig, 'apiKeySealed' | 'apiKeyHint'>;

/**
 * The row for a user's choice. A stored key stays with the provider and the address that it was entered for:
 * for another address it has to be entered again, for another provider it is dropped. Throws `unprocessable`.
 */
export function toModelConfig(
  deps: ModelConfigDeps,
  ctx: Pick<Context, 'clock'>,
  input: {
    session: Pick<Session, 'id' | 'userId'>;
    request: ModelConfigRequest;
    previous: SessionModelConfig | null;
  },
): SessionModelConfig {
  const { session, request, previous } = input;
  const provider = deps.catalogue.provider(request.provider);
  if (!provider) throw unprocessable('provider', 'this server does not know it');
  const baseUrl = tenantBaseUrl(provider, request.base_url);
  const otherProvider = previous?.provider !== provider.id;
  const samePlace = !otherProvider && previous.baseUrl === baseUrl;
  return {
    sessionId: session.id,
    provider: provider.id,
    model: request.model,
    ...chooseKey(deps, session, { wanted: request.api_key, previous, otherProvider, samePlace }),
    baseUrl,
    maxTokens: request.max_tokens || null,
    temperature: request.temperature ?? null,
    topP: request.top_p ?? null,
    reasoningEffort: request.reasoning_effort || null,
    isAuto: false,
    updatedAt: ctx.clock.now(),
  };
}

function chooseKey(
  deps: ModelConfigDeps,
  session: Pick<Session, 'id' | 'userId'>,
  input: {
    wanted: string | null | undefined;
    previous: SessionModelConfig | null;
    otherProvider: boolean;
    samePlace: boolean;
  },
): StoredKey {
  const { wanted, previous, otherProvider, samePlace } = input;
  const none: StoredKey = { apiKeySealed: null, apiKeyHint: null };
  const stored: StoredKey | null = previous?.apiKeySealed ? previous : null;
  const kept = stored ? { apiKeySealed: stored.apiKeySealed, apiKeyHint: stored.apiKeyHint } : none;
  const mask = stored ? maskedKey(stored.apiKeyHint) : FOREIGN_KEY_MASK;
  const repeated = wanted === mask;
  if (wanted === undefined || wanted === '' || repeated) {
    if (samePlace || !stored) return kept;
    if (!repeated && otherProvider) return none;
    throw unprocessable('api_key', 'enter it again, because the provider or its address has changed');
  }
  if (wanted === null) return none;
  if (wanted.startsWith('****')) throw unprocessable('api_key', 'this is the mask of another key');
  const sealed = deps.secrets.seal(wanted, sessionKeyContext(session.id, session.userId));
  return { apiKeySealed: sealed, apiKeyHint: keyHint(wanted) };
}

function unprocessable(field: string, reason: string): DomainError {
  return new DomainError('unprocessable', `${field}: ${reason}`, { field });
}
