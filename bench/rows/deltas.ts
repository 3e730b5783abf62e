import type { Bench, BenchRow } from '../lib/bench.ts';
import { openSession } from '../lib/crush-client.ts';
import { createDirectModel, type Delivery } from '../lib/direct-model.ts';
import type { Directive } from '../lib/directive.ts';
import { interleave, pick } from '../lib/interleave.ts';
import { compare, type Outcome } from '../lib/outcome.ts';
import type { Deployment } from '../lib/services.ts';
import { percentile } from '../lib/stats.ts';

const DELTAS = 100;
const PACE_MS = 5;
const ROUNDS = 10;
const P50_LIMIT_MS = 3;
const P99_LIMIT_MS = 15;
const PROMPT: Directive = { kind: 'deltas', count: DELTAS, paceMs: PACE_MS, stamp: true };

export const deltasRow: BenchRow = {
  name: 'deltas',
  async run(bench) {
    const { services } = bench;
    return [
      ...(await latency(bench, await services.separate())),
      ...(await latency(bench, await services.embedded())),
    ];
  },
};

async function latency({ services, signal }: Bench, deployment: Deployment): Promise<Outcome[]> {
  const model = await services.model();
  const direct = createDirectModel(model.url);
  const session = await openSession(deployment);
  const latencies = (deliveries: readonly Delivery[]): number[] => {
    if (deliveries.length !== DELTAS) throw new Error(`${deliveries.length} of ${DELTAS} deltas arrived`);
    return deliveries.map(({ at, stamp }) => at - model.toLocalMs(stamp));
  };
  try {
    const pairs = await interleave({
      rounds: ROUNDS,
      warmUp: 2,
      signal,
      baseline: async () => latencies((await direct.call(PROMPT)).deliveries),
      measured: async () => latencies((await session.turn(PROMPT)).deliveries),
    });
    const outcome = (percent: number, limit: number) =>
      compare({
        row: `deltas: ${DELTAS} at ${PACE_MS} ms, provider chunk to client frame, p${percent}, ${deployment.name}`,
        unit: 'ms',
        comparison: 'difference',
        pairs: pick(pairs, (values) => percentile(values, percent)),
        goal: { at: 'most', limit },
      });
    return [outcome(50, P50_LIMIT_MS), outcome(99, P99_LIMIT_MS)];
  } finally {
    session.close();
    direct.close();
  }
}
