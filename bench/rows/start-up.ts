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
  const { services, signal } = bench;
  const pairs = await interleave({
    rounds: ROUNDS,
    warmUp: 1,
    signal,
    baseline: () => timeNode(EMPTY_PROGRAM),
    async measured() {
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
    },
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
