/** The methods of each path of a table, as the header `allow` has them. */
export function allowedMethods(table: ReadonlyArray<{ method: string; path: string }>): Map<string, string> {
  const methods = new Map<string, Set<string>>();
  for (const { method, path } of table) {
    const known = methods.get(path) ?? new Set<string>();
    methods.set(path, known.add(method));
    if (method === 'GET') known.add('HEAD');
  }
  return new Map([...methods].map(([path, known]) => [path, [...known, 'OPTIONS'].join(', ')]));
}
