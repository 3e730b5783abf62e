import type { BenchRow } from '../lib/bench.ts';
import { bundleRow } from './bundle.ts';
import { burstRow } from './burst.ts';
import { deltasRow } from './deltas.ts';
import { memoryRow } from './memory.ts';
import { projectsRow } from './projects.ts';
import { remoteRow } from './remote.ts';
import { sandboxRow } from './sandbox.ts';
import { searchRow } from './search.ts';
import { startUpRow } from './start-up.ts';
import { stepsRow } from './steps.ts';
import { turnRow } from './turn.ts';

/** In the order of the table. */
export const ROWS: readonly BenchRow[] = [
  startUpRow,
  memoryRow,
  bundleRow,
  projectsRow,
  turnRow,
  stepsRow,
  deltasRow,
  burstRow,
  sandboxRow,
  searchRow,
  remoteRow,
];
