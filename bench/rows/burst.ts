import type { Bench, BenchRow } from '../lib/bench.ts';
import { openSession } from '../lib/crush-client.ts';
import { createDirectModel } from '../lib/direct-model.ts';
import { type Directive, FIRST_PROMPT } from '../lib/directive.ts';
import { interleave } from '../lib/interleave.ts';
import { compare, type Outcome } from '../lib/outcome.ts';
import type { Deployment } from '../lib/services.ts';

const DELTAS = 2000;
const ROUNDS = 10;
const LIMIT_MS = 250;
const PROMPT: Directive = { kind: 'deltas', count: DELTAS, paceMs: 0, stamp: true };

export const burstRow: BenchRow = {
  name: 'burst',
  async run(bench) {
    const { services } = bench;
    return [await burst(bench, await services.separate()), await burst(bench, await services.embedded())];
  },
};

async function burst({ services, signal }: Bench, deployment: Deployment): Promise<Outcome> {
  const direct = createDirectModel((await services.model()).url);
  try {
    const pairs = await interleave({
      rounds: ROUNDS,
      warmUp: 2,
      signal,
      baseline: async () => (await direct.call(PROMPT)).ms,
      // A session of its own, or the text of the rounds before would be sent along.
      async measured() {
        const session = await openSession(deployment);
        try {
          await session.turn(FIRST_PROMPT);
          const { ms, deliveries } = await session.turn(PROMPT);
          if (deliveries.length !== DELTAS)
            throw new Error(`${deliveries.length} of ${DELTAS} deltas arrived`);
          return ms;
        } finally {
          session.close();
        }
      },
    });
    return compare({
      row: `burst: one turn of ${DELTAS} deltas, ${deployment.name}`,
      unit: 'ms',
      comparison: 'difference',
      pairs,
      goal: { at: 'most', limit: LIMIT_MS },
    });
  } finally {
    direct.close();
  }
}
