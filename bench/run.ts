import { existsSync } from 'node:fs';
import { arch, availableParallelism, platform } from 'node:os';
import { CRUSH } from '../test/harness/crush-process.ts';
import type { BenchRow } from './lib/bench.ts';
import type { Outcome } from './lib/outcome.ts';
import { createServices } from './lib/services.ts';
import { markdownTable } from './lib/table.ts';
import { ROWS } from './rows/index.ts';

interface Failure {
  row: string;
  error: string;
}

/** `npm run bench`, or `npm run bench -- NAME` for the rows whose name contains it. */
async function main(wanted: string | undefined): Promise<void> {
  const rows = ROWS.filter(({ name }) => wanted === undefined || name.includes(wanted));
  if (rows.length === 0) throw new Error(`no such row; there are ${ROWS.map(({ name }) => name).join(', ')}`);
  if (!existsSync(CRUSH)) throw new Error('there is no dist/crush: run `npm run build` first');
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => stop.abort(new Error(`stopped by ${name}`)));
  }
  const { outcomes, failures } = await runRows(rows, stop.signal);
  const machine = {
    node: process.version,
    cpus: availableParallelism(),
    platform: `${platform()} ${arch()}`,
  };
  const lines = [
    `Node ${machine.node}, ${machine.cpus} CPUs, ${machine.platform}. Medians; the spread is of the comparison, round by round.`,
    '',
    markdownTable(outcomes),
    ...failures.map(({ row, error }) => `\n${row} could not be measured: ${error}`),
    '',
    JSON.stringify({ machine, outcomes, failures }),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (failures.length > 0) process.exitCode = 1;
}

async function runRows(
  rows: readonly BenchRow[],
  signal: AbortSignal,
): Promise<{ outcomes: Outcome[]; failures: Failure[] }> {
  const outcomes: Outcome[] = [];
  const failures: Failure[] = [];
  const services = createServices(signal);
  const say = (text: string) => process.stderr.write(`${text}\n`);
  try {
    for (const row of rows) {
      if (signal.aborted) break;
      say(`${row.name} …`);
      try {
        outcomes.push(...(await row.run({ services, signal, say })));
      } catch (error) {
        failures.push({ row: row.name, error: error instanceof Error ? error.message : String(error) });
      }
    }
  } finally {
    await services.close();
  }
  return { outcomes, failures };
}

main(process.argv[2]).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
