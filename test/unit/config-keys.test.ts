import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isNotAvailable } from '#config/schema/fields.ts';
import { ConfigSchema } from '#config/schema/index.ts';
import { AVAILABLE_PROVIDER_TYPES } from '#config/schema/models.ts';
import { type Leaf, leavesOf } from '#config/schema-tree.ts';
import { ADAPTER_LOADERS } from '#infra/llm/providers/table.ts';

const CLI = resolve(import.meta.dirname, '../../src/cli');

/** The words of each file of the composition roots, without comments. */
function wordsOfRoots(): ReadonlyArray<ReadonlySet<string>> {
  return readdirSync(CLI, { withFileTypes: true, recursive: true })
    .filter(({ name }) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map(({ parentPath, name }) => {
      const code = readFileSync(join(parentPath, name), 'utf8').replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g, '');
      return new Set(code.match(/\w+/g));
    });
}

/** Read: one file of the composition roots names the key together with its section. */
function unread(leaves: readonly Leaf[]): string[] {
  const files = wordsOfRoots();
  return leaves
    .filter(({ path }) => {
      const words = path.filter((key) => key !== '*');
      return !files.some((file) => words.every((word) => file.has(word)));
    })
    .map(({ name }) => name);
}

describe('the configuration', () => {
  it('has no key that nothing reads and nothing refuses', () => {
    const promised = leavesOf(ConfigSchema).filter(({ schema }) => !isNotAvailable(schema));
    expect(promised.length).toBeGreaterThan(50);
    expect(unread(promised)).toEqual([]);
  });

  it('would be caught with one', () => {
    const grown = z.strictObject({ server: z.strictObject({ colour: z.string() }) });
    expect(unread(leavesOf(grown))).toEqual(['server.colour']);
  });

  it('refuses exactly the provider types that have no adapter', () => {
    const available = Object.entries(ADAPTER_LOADERS).filter(([, load]) => load !== null);
    expect(new Set(AVAILABLE_PROVIDER_TYPES)).toEqual(new Set(available.map(([type]) => type)));
  });

  it('says of every key and section what it is', () => {
    const silent: string[] = [];
    const visit = (schema: unknown, path: string): void => {
      if (typeof schema !== 'object' || schema === null) return;
      const { properties, items, additionalProperties } = schema as Record<string, unknown>;
      for (const [key, child] of Object.entries(properties ?? {})) {
        if (!(child as { description?: string }).description) silent.push(`${path}${key}`);
        visit(child, `${path}${key}.`);
      }
      visit(items, `${path}*.`);
      visit(additionalProperties, `${path}*.`);
    };
    visit(z.toJSONSchema(ConfigSchema, { io: 'input' }), '');
    expect(silent).toEqual([]);
  });
});
