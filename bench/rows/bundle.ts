import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { BenchRow } from '../lib/bench.ts';
import { absolute } from '../lib/outcome.ts';

const LIMIT_MB = 15;
const MEGABYTE = 1_000_000;

export const bundleRow: BenchRow = {
  name: 'bundle',
  async run({ services }) {
    const folder = dirname(services.executable);
    const all = readdirSync(folder).reduce((total, name) => total + statSync(join(folder, name)).size, 0);
    return [
      absolute({
        row: 'bundle: dist/crush',
        unit: 'MB',
        values: [
          [services.executable, `${services.executable}.bundle`].reduce(
            (sum, file) => sum + statSync(file).size,
            0,
          ) / MEGABYTE,
        ],
        goal: { at: 'most', limit: LIMIT_MB },
        note: `${(all / MEGABYTE).toFixed(1)} MB with its asset files`,
      }),
    ];
  },
};
