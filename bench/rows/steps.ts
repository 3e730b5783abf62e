import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { bareSandbox, runProgram } from '../lib/bare-sandbox.ts';
import type { Bench, BenchRow } from '../lib/bench.ts';
import { openSession } from '../lib/crush-client.ts';
import { createDirectModel, type DirectModel } from '../lib/direct-model.ts';
import { type Directive, FIRST_PROMPT } from '../lib/directive.ts';
import { interleave } from '../lib/interleave.ts';
import { compare, type Outcome } from '../lib/outcome.ts';
import type { Deployment } from '../lib/services.ts';

const STEPS = 20;
const ROUNDS = 10;
const LIMIT_MS = 20;
const PROMPT: Directive = { kind: 'steps', count: STEPS };

export const stepsRow: BenchRow = {
  name: 'steps',
  async run(bench) {
    const { services } = bench;
    return [await steps(bench, await services.separate()), await steps(bench, await services.embedded())];
  },
};

async function steps({ services, signal }: Bench, deployment: Deployment): Promise<Outcome> {
  const direct = createDirectModel((await services.model()).url);
  const directory = join(services.directory, 'bare-workspace');
  mkdirSync(directory, { recursive: true });
  try {
    const pairs = await interleave({
      rounds: ROUNDS,
      warmUp: 1,
      signal,
      baseline: () => withoutCrush(direct, directory),
      async measured() {
        const session = await openSession(deployment);
        try {
          await session.turn(FIRST_PROMPT);
          const { ms, toolCalls } = await session.turn(PROMPT);
          if (toolCalls !== STEPS) throw new Error(`${toolCalls} of ${STEPS} calls completed`);
          return ms / STEPS;
        } finally {
          session.close();
        }
      },
    });
    return compare({
      row: `steps: ${STEPS} chained bash true, per step, ${deployment.name}`,
      unit: 'ms',
      comparison: 'difference',
      pairs,
      goal: { at: 'most', limit: LIMIT_MS },
    });
  } finally {
    direct.close();
  }
}

/** As many model calls and sandboxes, one after the other; milliseconds per step. */
async function withoutCrush(direct: DirectModel, directory: string): Promise<number> {
  const startedAt = performance.now();
  for (let step = 0; step < STEPS; step += 1) {
    await direct.call(PROMPT, step);
    await runProgram(bareSandbox(directory, 'true'));
  }
  await direct.call(PROMPT, STEPS);
  return (performance.now() - startedAt) / STEPS;
}
