import type { Bench, BenchRow } from '../lib/bench.ts';
import { openSession } from '../lib/crush-client.ts';
import { createDirectModel } from '../lib/direct-model.ts';
import type { Directive } from '../lib/directive.ts';
import { interleave, pick } from '../lib/interleave.ts';
import { compare, type Outcome } from '../lib/outcome.ts';
import type { Deployment } from '../lib/services.ts';

const DELTAS = 5;
const ROUNDS = 30;
const WARM_UP = 5;
const LIMIT_MS = 40;
const PROMPT: Directive = { kind: 'deltas', count: DELTAS, paceMs: 0, stamp: false };

export const turnRow: BenchRow = {
  name: 'turn',
  async run(bench) {
    const { services } = bench;
    return [await turns(bench, await services.separate()), await turns(bench, await services.embedded())];
  },
};

async function turns({ services, signal }: Bench, deployment: Deployment): Promise<Outcome> {
  const direct = createDirectModel((await services.model()).url);
  const session = await openSession(deployment);
  try {
    const pairs = await interleave({
      rounds: ROUNDS,
      warmUp: WARM_UP,
      signal,
      baseline: () => direct.call(PROMPT),
      measured: () => session.turn(PROMPT),
    });
    return compare({
      row: `turn: ${DELTAS} deltas, prompt to generation_complete, ${deployment.name}`,
      unit: 'ms',
      comparison: 'difference',
      pairs: pick(pairs, ({ ms }) => ms),
      goal: { at: 'most', limit: LIMIT_MS },
    });
  } finally {
    session.close();
    direct.close();
  }
}
