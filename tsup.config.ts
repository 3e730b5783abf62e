import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { defineConfig } from 'tsup';

const PGLITE_ASSETS = ['pglite.wasm', 'pglite.data', 'initdb.wasm'];

export default defineConfig({
  // The worker is a thread of its own, started from a file.
  entry: { crush: 'bin/crush.ts', worker: 'src/cli/work/worker.ts' },
  outDir: 'dist',
  clean: true,
  // A file without extension runs as CommonJS wherever it is copied to; ES modules would need a package.json.
  format: 'cjs',
  target: 'node20',
  platform: 'node',
  noExternal: [/.*/],
  shims: true,
  sourcemap: true,
  esbuildOptions(options) {
    options.legalComments = 'external';
    // Names stay, so that stacks and profiles can be read; lines are short enough to be found in the source map.
    options.minifySyntax = true;
    options.minifyWhitespace = true;
    options.lineLimit = 160;
    options.sourcesContent = false;
  },
  async onSuccess() {
    const pglite = dirname(createRequire(import.meta.url).resolve('@electric-sql/pglite'));
    for (const asset of PGLITE_ASSETS) copyFileSync(join(pglite, asset), join('dist', asset));
    const run = (...args: string[]) =>
      execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    run('--import', 'tsx', 'drizzle/pglite-template.ts', 'dist/pglite-template.tar.gz');
    run('scripts/pack-executable.mjs', 'dist/crush.cjs', 'dist/crush');
    for (const file of ['dist/crush.cjs', 'dist/crush.cjs.map', 'dist/worker.cjs.map']) rmSync(file);
    writeFileSync('dist/package.json', '{ "type": "commonjs" }\n');
  },
});
