import { configError } from '#config/errors.ts';
import type { Config } from '#config/load.ts';
import { isLoopback } from './secrets.ts';

export type Registration = 'open' | 'closed';

/** Open where nothing is said, which beyond loopback is refused before. */
export function registrationOf({ auth }: Config): Registration {
  return auth.registration ?? 'open';
}

/** Null: no limit. */
export function tokensPerDayOf({ limits }: Config): number | null {
  return limits.user_tokens_per_day || null;
}

/** What an operator has to choose once others than this machine can connect. Throws `FatalError` that names the key. */
export function requireChoices(config: Config): void {
  const place = exposure(config);
  if (place === null) return;
  const { auth, limits } = config;
  if (auth.registration === undefined) {
    throw configError(
      `auth.registration is not set, and the server is reached beyond loopback (${place}): set it to open (anybody may make an account) or closed`,
    );
  }
  const model = operatorModel(config);
  if (auth.registration === 'open' && model !== null && limits.user_tokens_per_day === undefined) {
    throw configError(
      `limits.user_tokens_per_day is not set, and anybody may register (auth.registration open) and use ${model} at the operator's cost: set the tokens that one user may take in a day, or 0 for no limit`,
    );
  }
}

/** The setting by which others reach the server; null: nobody does. */
function exposure({ server }: Config): string | null {
  if (!isLoopback(server.host)) return `server.host ${server.host}`;
  if (server.public_url === '') return null;
  const { hostname } = new URL(server.public_url);
  return isLoopback(hostname.replace(/^\[|\]$/g, '')) ? null : `server.public_url ${server.public_url}`;
}

/** A setting that lets every user talk to a model of the operator's. The offline demo costs nothing. */
function operatorModel({ auto_model, providers }: Config): string | null {
  if (auto_model.provider !== 'demo') return `auto_model ${auto_model.provider}/${auto_model.model}`;
  const shared = Object.entries(providers).find(([, { api_key }]) => api_key !== '');
  return shared ? `the key of providers.${shared[0]}` : null;
}
