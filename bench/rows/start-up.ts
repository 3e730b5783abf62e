import { join } from 'node:path';
import { freePort } from '../../test/harness/process.ts';
import type { Bench, BenchRow } from '../lib/bench.ts';
import { startNode, timeNode, untilHealthy } from '../lib/child.ts';
import { interleave } from '../lib/interleave.ts';
import { absolute, compare, type Outcome } from '../lib/outcome.ts';

const ROUNDS = 9;
const EMPTY_PROGRAM = ['-e', '0'];
const VERSION_LIMIT_MS = 150;
const SERVER_LIMIT_MS = 500;
const EMBEDDED_LIMIT_MS = 1500;
const FIRST_START_RATIO = 2;
const FIRST_START_ROUNDS = 4;

export const startUpRow: BenchRow = {
  name: 'start-up',
  async run(bench) {
    const stores = await bench.services.stores();
    const dataDir = join(bench.services.directory, 'start-up');
    const separate = await bench.services.configFlags({ dataDir: `${dataDir}-separate`, stores });
    const embedded = await bench.services.configFlags({ dataDir: `${dataDir}-embedded`, stores: null });
    return [
      await version(bench),
      await server(bench, {
        argv: ['http-server', ...separate],
        portFlag: '--http-port',
        limit: SERVER_LIMIT_MS,
      }),
      await server(bench, {
        argv: ['ws-server', ...separate],
        portFlag: '--ws-port',
        limit: SERVER_LIMIT_MS,
      }),
      // The round that warms up makes the data directory.
      await server(bench, {
        argv: ['serve', ...embedded],
        portFlag: '--http-port',
        limit: EMBEDDED_LIMIT_MS,
      }),
      await firstStart(bench),
    ];
  },
};

async function version({ services, signal }: Bench): Promise<Outcome> {
  const pairs = await interleave({
    rounds: ROUNDS * 2,
    warmUp: 2,
    signal,
    baseline: () => timeNode(EMPTY_PROGRAM),
    measured: () => timeNode([services.executable, '--version']),
  });
  return absolute({
    row: 'start-up: crush --version',
    unit: 'ms',
    baseline: pairs.map((pair) => pair.baseline),
    values: pairs.map((pair) => pair.measured),
    goal: { at: 'most', limit: VERSION_LIMIT_MS },
    note: 'baseline: node -e 0',
  });
}

interface Server {
  argv: string[];
  portFlag: '--http-port' | '--ws-port';
  limit: number;
}

async function server(bench: Bench, { argv, portFlag, limit }: Server): Promise<Outcome> {
  const { signal } = bench;
  const pairs = await interleave({
    rounds: ROUNDS,
    warmUp: 1,
    signal,
    baseline: () => timeNode(EMPTY_PROGRAM),
    measured: () => start(bench, { argv, portFlag }),
  });
  return compare({
    row: `start-up: ${argv[0]} to the first /health 200`,
    unit: 'ms',
    comparison: 'difference',
    pairs,
    goal: { at: 'most', limit },
    note: 'baseline: node -e 0',
  });
}

/** Milliseconds until it answers; then it is stopped. */
async function start(bench: Bench, { argv, portFlag }: Omit<Server, 'limit'>): Promise<number> {
  const { services, signal } = bench;
  const port = await freePort();
  const ports = [portFlag, `${port}`];
  if (argv[0] === 'serve') ports.push('--ws-port', `${await freePort()}`);
  const child = startNode({
    name: `start-${argv[0]}`,
    argv: [services.executable, ...argv, ...ports],
    directory: services.directory,
  });
  try {
    return await untilHealthy(child, port, signal);
  } finally {
    await child.close();
  }
}

/** The start that makes the data directory, against one that finds it. */
async function firstStart(bench: Bench): Promise<Outcome> {
  const { services, signal } = bench;
  const flagsOf = (name: string) =>
    services.configFlags({ dataDir: join(services.directory, `start-up-${name}`), stores: null });
  const serve = async (name: string) =>
    start(bench, { argv: ['serve', ...(await flagsOf(name))], portFlag: '--http-port' });
  await serve('later');
  const pairs = await interleave({
    rounds: FIRST_START_ROUNDS,
    signal,
    baseline: () => serve('later'),
    measured: (round) => serve(`first-${round}`),
  });
  return compare({
    row: 'start-up: serve, first start against a later one',
    unit: 'ms',
    comparison: 'ratio',
    pairs,
    goal: { at: 'most', limit: FIRST_START_RATIO },
    note: 'baseline: a later start',
  });
}
