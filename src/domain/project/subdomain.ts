const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** Names that look like the operator's own. */
const RESERVED: ReadonlySet<string> = new Set([
  'admin',
  'api',
  'app',
  'assets',
  'auth',
  'console',
  'crush',
  'login',
  'mail',
  'preview',
  'static',
  'www',
]);
/** What previews without a name of their own begin with. */
const GENERATED = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;
/** Where Punycode and its like stand: other letters may look like those of another name. */
const ENCODED = /^..--/;

/** Why the preview of a frontend's port may not be called so, in words; null: it may. */
export function subdomainFault(label: string): string | null {
  if (!LABEL.test(label) || ENCODED.test(label)) {
    return 'one label of letters, digits and hyphens, at most 63, is needed, such as my-shop';
  }
  return RESERVED.has(label) || GENERATED.test(label) ? 'this name is reserved' : null;
}
