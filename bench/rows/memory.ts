import { join } from 'node:path';
import { sleep } from '#shared/async/sleep.ts';
import { freePort } from '../../test/harness/process.ts';
import type { BaselineName } from '../lib/baselines.ts';
import type { Bench, BenchRow } from '../lib/bench.ts';
import { residentMb, startNode, untilHealthy } from '../lib/child.ts';
import { interleave, type Pair } from '../lib/interleave.ts';
import { absolute, compare, type Outcome } from '../lib/outcome.ts';

const ROUNDS = 3;
const IDLE_MS = 3000;
const HTTP_LIMIT_MB = 50;
const WS_LIMIT_MB = 70;
/** Of the whole process: what it adds is PGlite, which the baseline has not. */
const SERVE_LIMIT_MB = 220;

interface Service {
  command: 'http-server' | 'ws-server' | 'serve';
  flags: string[];
  baseline: BaselineName;
  limitMb: number;
  whole?: boolean;
}

export const memoryRow: BenchRow = {
  name: 'memory',
  async run(bench) {
    const { configFlags, directory } = bench.services;
    const stores = await bench.services.stores();
    const flags = await configFlags({ dataDir: join(directory, 'memory-separate'), stores });
    const embedded = await configFlags({ dataDir: join(directory, 'memory-embedded'), stores: null });
    return [
      await idle(bench, { command: 'http-server', flags, baseline: 'bare-hono', limitMb: HTTP_LIMIT_MB }),
      await idle(bench, { command: 'ws-server', flags, baseline: 'bare-ws', limitMb: WS_LIMIT_MB }),
      await idle(bench, {
        command: 'serve',
        flags: embedded,
        baseline: 'bare-hono',
        limitMb: SERVE_LIMIT_MB,
        whole: true,
      }),
    ];
  },
};

async function idle(bench: Bench, { command, flags, baseline, limitMb, whole }: Service): Promise<Outcome> {
  const { services, signal } = bench;
  const program = await services.baselines.path(baseline);
  const pairs = await interleave({
    rounds: ROUNDS,
    signal,
    async baseline() {
      const port = await freePort();
      return residentIdle(bench, { name: baseline, argv: [program, `${port}`], port });
    },
    async measured() {
      const [port, other] = [await freePort(), await freePort()];
      const [httpPort, wsPort] = command === 'ws-server' ? [other, port] : [port, other];
      const ports = [
        ...(command === 'ws-server' ? [] : ['--http-port', `${httpPort}`]),
        ...(command === 'http-server' ? [] : ['--ws-port', `${wsPort}`]),
      ];
      const argv = [services.executable, command, ...flags, ...ports];
      return residentIdle(bench, { name: `memory-${command}`, argv, port });
    },
  });
  const common = {
    row: `memory: ${command} idle`,
    unit: 'MB',
    goal: { at: 'most', limit: limitMb },
    note: `baseline: ${baseline}`,
  } as const;
  return whole
    ? absolute({ ...common, ...columns(pairs) })
    : compare({ ...common, comparison: 'difference', pairs });
}

function columns(pairs: readonly Pair<number>[]): { baseline: number[]; values: number[] } {
  return { baseline: pairs.map((pair) => pair.baseline), values: pairs.map((pair) => pair.measured) };
}

async function residentIdle(
  { services, signal }: Bench,
  program: { name: string; argv: string[]; port: number },
): Promise<number> {
  const { name, argv, port } = program;
  const child = startNode({ name, argv, directory: services.directory });
  try {
    await untilHealthy(child, port, signal);
    await sleep(IDLE_MS, signal);
    return residentMb(child.pid);
  } finally {
    await child.close();
  }
}
