import { join, resolve } from 'node:path';
import { build } from 'tsup';

const SOURCES = resolve(import.meta.dirname, '../baselines');
const NAMES = ['model-server', 'bare-hono', 'bare-ws', 'projects-query', 'sandbox-host'] as const;
export type BaselineName = (typeof NAMES)[number];

export interface Baselines {
  /** The program as one file that Node runs without a loader, bundled and minified as the product is. */
  path(name: BaselineName): Promise<string>;
}

export function createBaselines(directory: string): Baselines {
  const outDir = join(directory, 'baselines');
  let built: Promise<void> | null = null;
  return {
    async path(name) {
      built ??= bundle(outDir);
      await built;
      return join(outDir, `${name}.cjs`);
    },
  };
}

async function bundle(outDir: string): Promise<void> {
  await build({
    config: false,
    entry: NAMES.map((name) => join(SOURCES, `${name}.ts`)),
    outDir,
    format: 'cjs',
    outExtension: () => ({ js: '.cjs' }),
    target: 'node20',
    platform: 'node',
    noExternal: [/.*/],
    minify: true,
    splitting: false,
    silent: true,
  });
}
