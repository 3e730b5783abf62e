import { DomainError } from '../errors.ts';
import type { ProviderInfo } from './provider.ts';

/**
 * The base URL of a user's choice, normalised; null when it is none or the catalogue's own.
 * Only https, nothing is ever expanded. Throws `unprocessable`.
 */
export function tenantBaseUrl(provider: ProviderInfo, text: string | null | undefined): string | null {
  const wanted = text?.trim() ?? '';
  if (wanted === '' || sameUrl(wanted, provider.baseUrl)) return null;
  const url = URL.canParse(wanted) ? new URL(wanted) : null;
  if (url?.protocol !== 'https:') throw refused('must be an https URL');
  if (url.username !== '' || url.password !== '') throw refused('must hold no user name or password');
  if (url.hash !== '' || url.search !== '') throw refused('must hold no query and no fragment');
  return withoutSlash(url.href);
}

export function sameUrl(a: string | null, b: string | null): boolean {
  return a === null || b === null ? a === b : withoutSlash(a) === withoutSlash(b);
}

function withoutSlash(text: string): string {
  return text.endsWith('/') ? text.slice(0, -1) : text;
}

function refused(reason: string): DomainError {
  return new DomainError('unprocessable', `base_url: ${reason}`, { field: 'base_url' });
}
