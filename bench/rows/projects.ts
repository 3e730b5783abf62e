import postgres from 'postgres';
import { freePort } from '../../test/harness/process.ts';
import type { Bench, BenchRow } from '../lib/bench.ts';
import { type Child, startNode, untilHealthy } from '../lib/child.ts';
import { register } from '../lib/crush-client.ts';
import { loadHttp } from '../lib/http-load.ts';
import { interleave, pick } from '../lib/interleave.ts';
import { compare } from '../lib/outcome.ts';
import { percentile } from '../lib/stats.ts';

const PROJECTS = 20;
const CONNECTIONS = 16;
const ROUNDS = 8;
const BURST_MS = 1500;
const RATE_RATIO = 0.7;
const P99_RATIO = 2;
const PATH = '/api/projects';

export const projectsRow: BenchRow = {
  name: 'projects',
  async run(bench) {
    const { signal } = bench;
    const deployment = await bench.services.separate();
    const user = await register(deployment);
    for (let index = 0; index < PROJECTS; index += 1) {
      await user.request('POST', PATH, { name: `project ${index}` });
    }
    const bare = await startBare(bench, await ownerOf(bench));
    const headers = { authorization: `Bearer ${user.token}` };
    const load = { path: PATH, connections: CONNECTIONS, durationMs: BURST_MS, signal };
    try {
      const pairs = await interleave({
        rounds: ROUNDS,
        warmUp: 2,
        signal,
        baseline: () => loadHttp({ ...load, port: bare.port }),
        measured: () => loadHttp({ ...load, port: deployment.httpPort, headers }),
      });
      const row = `projects: GET ${PATH}, ${PROJECTS} rows, ${CONNECTIONS} connections`;
      return [
        compare({
          row: `${row}, rate`,
          unit: 'req/s',
          comparison: 'ratio',
          pairs: pick(pairs, ({ requestsPerSecond }) => requestsPerSecond),
          goal: { at: 'least', limit: RATE_RATIO },
        }),
        compare({
          row: `${row}, p99`,
          unit: 'ms',
          comparison: 'ratio',
          pairs: pick(pairs, ({ latencies }) => percentile(latencies, 99)),
          goal: { at: 'most', limit: P99_RATIO },
        }),
      ];
    } finally {
      await bare.child.close();
    }
  },
};

/** Whoever has all the projects. */
async function ownerOf({ services }: Bench): Promise<string> {
  const { postgresUrl } = await services.stores();
  const client = postgres(postgresUrl, { max: 1 });
  try {
    const rows = await client<Array<{ user_id: string }>>`
      select user_id from projects group by user_id having count(*) = ${PROJECTS} limit 1`;
    if (!rows[0]) throw new Error('the projects are not in the database');
    return rows[0].user_id;
  } finally {
    await client.end();
  }
}

async function startBare(bench: Bench, userId: string): Promise<{ child: Child; port: number }> {
  const { services, signal } = bench;
  const port = await freePort();
  const { postgresUrl } = await services.stores();
  const program = await services.baselines.path('projects-query');
  const argv = [program, `${port}`, postgresUrl, userId];
  const child = startNode({ name: 'projects-query', argv, directory: services.directory });
  await untilHealthy(child, port, signal);
  return { child, port };
}
