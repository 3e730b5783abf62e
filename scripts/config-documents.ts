// Writes config.yaml and docs/configuration.md, whose words are the schema's.
// Usage: npm run docs:config
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { PLAIN_VARIABLES } from '../src/config/environment-layer.ts';
import { isNotAvailable } from '../src/config/schema/fields.ts';
import { ConfigSchema, SECRET_KEYS } from '../src/config/schema/index.ts';
import { leavesOf, unwrap } from '../src/config/schema-tree.ts';

const ROOT = resolve(import.meta.dirname, '..');
const COMMENT_COLUMN = 30;

const HEAD = `# Crush: every key with its default. Written by \`npm run docs:config\`; every key may be left out.
# Later wins: this file, the environment (CRUSH_SERVER__HTTP_PORT=9000), flags.
# \${VAR}, \${VAR:-default} and *_file keys (read a secret from a file) work in this file only.
# \`crush config show\` prints what is in force and where it comes from; docs/configuration.md describes every key.
`;

const PROVIDER_EXAMPLE = `#   local:
#     type: openai-compat
#     base_url: http://127.0.0.1:11434/v1
#     models: [{ id: qwen3, name: Qwen 3, context_window: 40960 }]
`;

interface Key {
  name: string;
  path: string[];
  schema: z.ZodType;
  text: string;
}

function keysOf(schema: z.ZodType, path: string[] = []): Key[] {
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodObject)) return [];
  const shape: Record<string, unknown> = inner.shape;
  return Object.entries(shape).map(([name, child]) => ({
    name,
    path: [...path, name],
    schema: child as z.ZodType,
    text: (child as z.ZodType).description ?? '',
  }));
}

function isEmpty(key: Key): boolean {
  return leavesOf(key.schema).every(({ schema }) => isNotAvailable(schema));
}

export function renderYaml(): string {
  const sections = keysOf(ConfigSchema).filter((key) => !isEmpty(key));
  return `${[HEAD, ...sections.map((section) => yamlOf(section, ''))].join('\n')}`;
}

function yamlOf(key: Key, indent: string): string {
  const children = keysOf(key.schema, key.path).filter((child) => !isEmpty(child));
  const opening = (text: string) =>
    `${indent}${`${text} `.padEnd(COMMENT_COLUMN - indent.length)}# ${key.text}\n`;
  if (children.length > 0) {
    return opening(`${key.name}:`) + children.map((child) => yamlOf(child, `${indent}  `)).join('');
  }
  if (key.name === 'providers') return opening('providers: {}') + PROVIDER_EXAMPLE;
  const fallback = key.schema.parse(undefined);
  if (SECRET_KEYS.has(key.name)) return opening(`# ${key.name}_file: /etc/crush/${key.name}`);
  if (fallback === undefined || key.name === 'data_dir') return opening(`# ${key.name}: ""`);
  const isWord = typeof fallback === 'string' && /^[a-z][a-z0-9.-]*$/i.test(fallback);
  return opening(`${key.name}: ${isWord ? fallback : JSON.stringify(fallback)}`);
}

interface JsonSchema {
  type?: string;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  anyOf?: JsonSchema[];
  items?: JsonSchema;
  format?: string;
}

export function renderReference(): string {
  const sections = keysOf(ConfigSchema);
  return `# Configuration

Written by \`npm run docs:config\` from the schema in \`src/config/schema\`, like [config.yaml](../config.yaml).

Later wins: built-in defaults, the file (\`--config FILE\`, else \`./config.yaml\`, else \`/etc/crush/config.yaml\`), the environment, flags. \`crush config show\` prints what is in force and where each value comes from; \`crush config schema\` prints a JSON Schema.

- Any key is also a variable: \`CRUSH_\` and its path with \`__\` between the levels, as \`CRUSH_SERVER__HTTP_PORT=9000\`. Names of their own: ${PLAIN_VARIABLES.map(([variable, path]) => `\`${variable}\` (\`${path}\`)`).join(', ')}, \`CRUSH_CWD\` (\`--cwd\`).
- In the file, \`\${VAR}\` and \`\${VAR:-default}\` stand for variables, and \`<key>_file\` reads the text of a key from a file.
- Booleans are true/false, yes/no, on/off or 1/0. A list in a variable is YAML (\`[a, b]\`) or has commas. \`~\` in paths is the home directory.
- An unknown key, a wrong value or a setting of a feature that this version does not have stops the start with one line (exit code 2).

${sections.map(sectionOf).join('\n')}`;
}

function sectionOf(section: Key): string {
  const rows = leavesOf(section.schema, section.path).filter(({ schema }) => !isNotAvailable(schema));
  const title = `## ${section.name}\n\n${capital(section.text)}.`;
  if (rows.length === 0) return `${title} Not available in this version.\n`;
  const lines = rows.map(
    ({ name, schema }) =>
      `| \`${name}\` | ${valuesOf(z.toJSONSchema(schema, { io: 'input' }) as JsonSchema)} | ${defaultOf(schema)} | ${schema.description} |`,
  );
  return `${title}\n\n| key | value | default | |\n|---|---|---|---|\n${lines.join('\n')}\n`;
}

function valuesOf({ type, enum: words, minimum, maximum, anyOf, items, format }: JsonSchema): string {
  if (words) return words.map((word) => `\`${word}\``).join(', ');
  if (anyOf?.some(({ type: kind }) => kind === 'integer')) return 'port';
  if (anyOf)
    return anyOf
      .flatMap((one) => valuesOf(one))
      .filter((text) => text !== '')
      .join(' or ');
  if (type === 'array') return `list of ${items ? valuesOf(items) : 'values'}`;
  if (type === 'integer' || type === 'number') {
    const isBounded = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
    return `${minimum ?? 0}${isBounded ? ` to ${maximum}` : ' or more'}`;
  }
  if (type === 'boolean') return 'true, false';
  if (format === 'path') return 'path';
  return format === 'uri' ? 'URL' : 'text';
}

function defaultOf(schema: z.ZodType): string {
  const { success, data } = schema.safeParse(undefined);
  if (!success) return 'required';
  return data === undefined || data === '' ? '' : `\`${JSON.stringify(data)}\``;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(resolve(ROOT, 'config.yaml'), renderYaml());
  writeFileSync(resolve(ROOT, 'docs/configuration.md'), renderReference());
}
