import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '#config/load.ts';
import { renderReference, renderYaml } from '../../scripts/config-documents.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const textOf = (name: string) => readFileSync(resolve(ROOT, name), 'utf8');

describe('what is written about the configuration', () => {
  it('says what the schema says (else: npm run docs:config)', () => {
    expect(textOf('config.yaml')).toBe(renderYaml());
    expect(textOf('docs/configuration.md')).toBe(renderReference());
  });

  it('shows the defaults', () => {
    const env = { HOME: '/h' };
    const shown = loadConfig({ file: resolve(ROOT, 'config.yaml'), env });
    const built = loadConfig({ file: '/dev/null', env });
    expect(shown.config).toEqual(built.config);
    expect(shown.origins.size).toBeGreaterThan(50);
  });
});
