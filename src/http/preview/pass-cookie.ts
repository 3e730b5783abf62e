const SECURE_NAME = '__Host-crush-preview';
const PLAIN_NAME = 'crush-preview';
const NAMES = new Set([SECURE_NAME, PLAIN_NAME]);

export function readPass(header: string | undefined): string | null {
  for (const [name, value] of pairsOf(header)) if (NAMES.has(name)) return value;
  return null;
}

/** The page's own cookies: what is ours never reaches it. */
export function withoutPass(header: string): string {
  return pairsOf(header)
    .filter(([name]) => !NAMES.has(name))
    .map(([name, value]) => `${name}=${value}`)
    .join('; ');
}

/**
 * Partitioned, so that it holds in a frame of the console and in no frame of another site. Without a secure context
 * browsers keep it for the same site only.
 */
export function passCookie(
  pass: string,
  { isSecure, maxAgeMs }: { isSecure: boolean; maxAgeMs: number },
): string {
  const common = `Path=/; HttpOnly; Max-Age=${Math.floor(maxAgeMs / 1000)}`;
  return isSecure
    ? `${SECURE_NAME}=${pass}; ${common}; Secure; SameSite=None; Partitioned`
    : `${PLAIN_NAME}=${pass}; ${common}; SameSite=Lax`;
}

/** A page may keep cookies on its own host only, and none of our names. Null: dropped. */
export function confinedCookie(cookie: string): string | null {
  const [pair = '', ...attributes] = cookie.split(';');
  const name = pair.slice(0, Math.max(0, pair.indexOf('='))).trim();
  if (NAMES.has(name)) return null;
  return [pair, ...attributes.filter((attribute) => !/^\s*domain\s*(=|$)/i.test(attribute))].join(';');
}

function pairsOf(header = ''): Array<[name: string, value: string]> {
  return header.split(';').flatMap((pair): Array<[string, string]> => {
    const at = pair.indexOf('=');
    return at === -1 ? [] : [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()]];
  });
}
