import { DomainError } from '../errors.ts';
import { isObjectName, isRefName } from '../workspace/git-ref-name.ts';

export interface GitSource {
  url: URL;
  /** Null: the default branch. */
  ref: string | null;
}

/** Blanks, controls, backslashes and what is invisible: URL parsers disagree about them. */
const TRICKS = /[\p{Cc}\p{Cf}\p{Surrogate}\p{Z}\\]/u;
const SCHEMES: ReadonlySet<string> = new Set(['https:', 'http:']);

/** Where a project's files come from; null when no URL is given. Which hosts are allowed is not decided here. Throws `unprocessable`. */
export function parseGitSource(request: {
  git_url?: string | null;
  git_ref?: string | null;
}): GitSource | null {
  const ref = request.git_ref || null;
  if (!request.git_url) {
    if (ref !== null) throw refused('git_ref', 'it needs a git_url');
    return null;
  }
  const url = parseUrl(request.git_url);
  if (ref !== null && !isObjectName(ref) && !isRefName(ref)) {
    throw refused('git_ref', 'not the name of a branch, a tag or a full commit id');
  }
  return { url, ref };
}

function parseUrl(text: string): URL {
  if (TRICKS.test(text))
    throw refused('git_url', 'blanks, backslashes and control characters are not allowed');
  if (!URL.canParse(text)) throw refused('git_url', 'an https URL is needed');
  const url = new URL(text);
  if (!SCHEMES.has(url.protocol)) throw refused('git_url', 'only https URLs can be cloned');
  if (url.username !== '' || url.password !== '' || /^[a-z]+:\/*[^/]*@/i.test(text)) {
    throw refused('git_url', 'it must not contain credentials; only public repositories can be cloned');
  }
  if (url.search !== '' || url.hash !== '' || /[?#]/.test(text)) {
    throw refused('git_url', 'it must not contain a query or a fragment');
  }
  if (url.pathname === '/') throw refused('git_url', 'it names no repository');
  return url;
}

function refused(field: 'git_url' | 'git_ref', what: string): DomainError {
  return new DomainError('unprocessable', `${field}: ${what}`, { field });
}
