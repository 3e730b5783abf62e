const SECRET_FIELDS: ReadonlySet<string> = new Set([
  'password',
  'token',
  'api_key',
  'apikey',
  'authorization',
  'cookie',
  'secret',
]);
const MASK = '****';
const MAX_DEPTH = 5;

/** The same value with the contents of secret fields replaced, at any depth; the value itself when it has none. */
export function maskSecrets<T>(value: T, depth = 0): T {
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null || value instanceof Error)
    return value;
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => maskSecrets(item, depth + 1));
    return items.some((item, index) => item !== value[index]) ? (items as T) : value;
  }
  const changed: Array<[key: string, shown: unknown]> = [];
  for (const [key, field] of Object.entries(value)) {
    const shown = SECRET_FIELDS.has(key.toLowerCase()) ? MASK : maskSecrets<unknown>(field, depth + 1);
    if (shown !== field) changed.push([key, shown]);
  }
  return changed.length === 0 ? value : { ...value, ...Object.fromEntries(changed) };
}
