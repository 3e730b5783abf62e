import postgres from 'postgres';
import { freePort } from '../../test/harness/process.ts';
import type { Bench, BenchRow } from '../lib/bench.ts';
import { type Child, startNode, untilHealthy } from '../lib/child.ts';
import { register } from '../lib/crush-client.ts';
import { type Load, loadHttp } from '../lib/http-load.ts';
import { interleave, pick } from '../lib/interleave.ts';
import { absolute, compare, type Outcome } from '../lib/outcome.ts';
import type { Deployment } from '../lib/services.ts';
import { percentile } from '../lib/stats.ts';

const PROJECTS = 20;
const CONNECTIONS = 16;
const ROUNDS = 8;
const BURST_MS = 1500;
const RATE_RATIO = 0.7;
const P99_RATIO = 2;
const EMBEDDED_RATE = 1500;
const PATH = '/api/projects';
const ROW = `projects: GET ${PATH}, ${PROJECTS} rows, ${CONNECTIONS} connections`;

export const projectsRow: BenchRow = {
  name: 'projects',
  run: async (bench) => [...(await separate(bench)), await embedded(bench)],
};

/** What loads the list of an account with so many projects. */
async function listing(deployment: Deployment, signal: AbortSignal): Promise<Load> {
  const user = await register(deployment);
  for (let index = 0; index < PROJECTS; index += 1) {
    await user.request('POST', PATH, { name: `project ${index}` });
  }
  const headers = { authorization: `Bearer ${user.token}` };
  return {
    port: deployment.httpPort,
    path: PATH,
    headers,
    connections: CONNECTIONS,
    durationMs: BURST_MS,
    signal,
  };
}

async function separate(bench: Bench): Promise<Outcome[]> {
  const { services, signal } = bench;
  const load = await listing(await services.separate(), signal);
  const bare = await startBare(bench, await ownerOf(bench));
  try {
    const pairs = await interleave({
      rounds: ROUNDS,
      warmUp: 2,
      signal,
      baseline: () => loadHttp({ ...load, headers: {}, port: bare.port }),
      measured: () => loadHttp(load),
    });
    return [
      compare({
        row: `${ROW}, rate`,
        unit: 'req/s',
        comparison: 'ratio',
        pairs: pick(pairs, ({ requestsPerSecond }) => requestsPerSecond),
        goal: { at: 'least', limit: RATE_RATIO },
      }),
      compare({
        row: `${ROW}, p99`,
        unit: 'ms',
        comparison: 'ratio',
        pairs: pick(pairs, ({ latencies }) => percentile(latencies, 99)),
        goal: { at: 'most', limit: P99_RATIO },
      }),
    ];
  } finally {
    await bare.child.close();
  }
}

async function embedded({ services, signal }: Bench): Promise<Outcome> {
  const load = await listing(await services.embedded(), signal);
  const rates: number[] = [];
  for (let round = -2; round < ROUNDS; round += 1) {
    const { requestsPerSecond } = await loadHttp(load);
    if (round >= 0) rates.push(requestsPerSecond);
  }
  return absolute({
    row: `${ROW}, rate, serve`,
    unit: 'req/s',
    values: rates,
    goal: { at: 'least', limit: EMBEDDED_RATE },
  });
}

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
