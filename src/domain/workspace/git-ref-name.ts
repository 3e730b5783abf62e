const MAX_BYTES = 250;
/** Full object names of SHA-1 and SHA-256 repositories. */
const OBJECT_NAME = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const REFUSED = /[\p{Cc}\p{Cf}\p{Surrogate} ~^:?*[\\]|\.\.|@\{|\/\/|^[-/]|[/.]$/u;

export function isObjectName(text: string): boolean {
  return OBJECT_NAME.test(text);
}

/**
 * Whether git takes a text as the name of a branch or tag (git-check-ref-format(1)). Stricter in two ways: no
 * leading dash, which a command could take for an option, and no invisible characters.
 */
export function isRefName(text: string): boolean {
  if (text === '' || text === '@' || Buffer.byteLength(text) > MAX_BYTES || REFUSED.test(text)) return false;
  return text.split('/').every((part) => !part.startsWith('.') && !part.endsWith('.lock'));
}
