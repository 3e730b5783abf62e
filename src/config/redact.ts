import type { Config, LoadedConfig } from './load.ts';
import { SECRET_KEYS } from './schema/index.ts';

/** The same tree with secrets as `****` and passwords in URLs replaced. */
export function redactConfig(config: Config): unknown {
  return redact(config, '');
}

function redact(value: unknown, key: string): unknown {
  if (typeof value === 'string') {
    if (SECRET_KEYS.has(key)) return value === '' ? '' : '****';
    return value.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/@:]*):[^/]*@/i, '$1:****@');
  }
  if (Array.isArray(value)) return value.map((item) => redact(item, key));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, redact(item, name)]));
  }
  return value;
}

/** One line per leaf, `path = value  # origin`, secrets masked. */
export function describeConfig({ config, origins }: LoadedConfig): string {
  const lines: string[] = [];
  const visit = (value: unknown, path: string[]) => {
    const nested = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (nested && Object.keys(value).length > 0) {
      for (const [key, item] of Object.entries(value)) visit(item, [...path, key]);
      return;
    }
    lines.push(`${path.join('.')} = ${JSON.stringify(value)}  # ${originOf(path, origins)}`);
  };
  visit(redactConfig(config), []);
  return `${lines.join('\n')}\n`;
}

function originOf(path: string[], origins: ReadonlyMap<string, string>): string {
  for (let length = path.length; length > 0; length--) {
    const origin = origins.get(path.slice(0, length).join('.'));
    if (origin) return origin;
  }
  return 'default';
}
