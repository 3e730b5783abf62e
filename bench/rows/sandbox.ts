import { join } from 'node:path';
import { newId } from '#shared/ids.ts';
import { runProgram } from '../lib/bare-sandbox.ts';
import type { BenchRow } from '../lib/bench.ts';
import { interleave } from '../lib/interleave.ts';
import { openLocalWorkspaces } from '../lib/local-workspaces.ts';
import { compare } from '../lib/outcome.ts';

const ROUNDS = 150;
const WARM_UP = 10;
const LIMIT_MS = 25;

export const sandboxRow: BenchRow = {
  name: 'sandbox',
  async run({ services, signal }) {
    const provider = await openLocalWorkspaces(join(services.directory, 'sandbox'));
    try {
      const projectId = newId();
      await provider.create(projectId, null);
      const workspace = await provider.open(projectId, null);
      const pairs = await interleave({
        rounds: ROUNDS,
        warmUp: WARM_UP,
        signal,
        baseline: async () => (await runProgram(['/bin/bash', '-c', 'true'])).ms,
        async measured() {
          const startedAt = performance.now();
          const { exitCode } = await workspace.exec({ command: 'true' }, signal);
          if (exitCode !== 0) throw new Error(`the command ended with ${exitCode}`);
          return performance.now() - startedAt;
        },
      });
      return [
        compare({
          row: 'sandbox: bash -c true in bubblewrap',
          unit: 'ms',
          comparison: 'difference',
          pairs,
          goal: { at: 'most', limit: LIMIT_MS, figure: 'p95' },
          note: 'baseline: plain spawn',
        }),
      ];
    } finally {
      await provider.close();
    }
  },
};
