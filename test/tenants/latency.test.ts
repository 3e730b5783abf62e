import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEPLOYMENTS, type Deployment, deploy } from '../e2e/deployment.ts';
import { ATTACKS, type Counts } from './attacks.ts';
import { configOf, startModel } from './deployment.ts';
import type { Order, Report } from './hostile-process.ts';
import { type Measured, measure, openOrdinary, quantile } from './measure.ts';
import { registerTenant } from './tenant.ts';

/** For each attack, and as much for the quiet before. Times say something on an idle machine only. */
const SECONDS = Number(process.env.TENANTS_SECONDS ?? 0);
const ONLY = process.env.TENANTS_ATTACKS?.split(',');
const SETTLE_MS = 1_500;
const HEALTH_P99_MS = 200;

interface Row extends Measured {
  attack: string;
  counts: Counts;
}

describe.skipIf(SECONDS === 0).each(DEPLOYMENTS)(
  'two ordinary tenants beside a hostile one (measured by npm run test:tenants), %s',
  (kind) => {
    it('lose nothing and wait at most twice as long', { timeout: 3_600_000 }, async () => {
      const rows: Row[] = [];
      const calm = await startModel();
      const hostile = await startHostile();
      const config = configOf({ ordinary: calm.url, hostile: hostile.model, silent: hostile.silent });
      const deployment = await deploy(kind, config, "trusted_proxies: ['127.0.0.1']");
      try {
        const tenants = [
          await registerTenant(deployment, '192.0.2.1'),
          await registerTenant(deployment, '192.0.2.2'),
        ];
        const talks = await Promise.all(tenants.map((tenant) => openOrdinary(deployment, tenant)));
        for (const talk of talks) await talk.turn('ordinary! go');
        const quiet = async () => ({
          attack: 'none',
          counts: {},
          ...(await measure(deployment, talks, SECONDS * 1000)),
        });
        rows.push(await quiet());
        const victims = tenants.map(({ email }) => ({ email }));
        let address = 10;
        for (const attack of Object.keys(ATTACKS).filter((name) => ONLY?.includes(name) ?? true)) {
          address += 1;
          hostile.start({
            kind: 'start',
            attack,
            target: targetOf(deployment),
            victims,
            address: `192.0.2.${address}`,
          });
          await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
          const measured = await measure(deployment, talks, SECONDS * 1000);
          rows.push({ attack, counts: await hostile.stop(), ...measured });
          process.stderr.write(`${lineOf(rows.at(-1))}\n`);
        }
        for (const talk of talks) talk.close();
      } finally {
        hostile.end();
        await deployment.close();
        await calm.close();
        process.stderr.write(`\n${kind}\n${[HEAD, ...rows.map(lineOf)].join('\n')}\n\n`);
      }
      const [quiet, ...attacked] = rows;
      const limit = 2 * quantile(quiet?.turns ?? [], 0.5);
      const bad = attacked.filter(
        ({ turns, lost, health }) =>
          lost.length > 0 || !(quantile(turns, 0.5) <= limit) || quantile(health, 0.99) >= HEALTH_P99_MS,
      );
      expect(bad.map(lineOf)).toEqual([]);
    });
  },
);

function targetOf({ http, ws }: Deployment) {
  return { http, ws };
}

const HEAD = ['attack'.padEnd(16), 'turns', 'lost', 'p50 ms', 'p99 ms', 'health p99', 'its answers'].join(
  ' | ',
);

function lineOf(row: Row | undefined): string {
  if (!row) return '';
  const { attack, turns, lost, health, counts } = row;
  const figures = [quantile(turns, 0.5), quantile(turns, 0.99), quantile(health, 0.99)];
  const answers = Object.entries(counts).map(([what, times]) => `${what}: ${times}`);
  return [
    attack.padEnd(16),
    turns.length,
    lost.length > 0 ? `${lost.length} (${lost[0]})` : 0,
    ...figures.map((figure) => figure.toFixed(0)),
    answers.join(', '),
  ].join(' | ');
}

async function startHostile() {
  const file = join(import.meta.dirname, 'hostile-process.ts');
  const child: ChildProcess = fork(file, { execArgv: ['--import', 'tsx'] });
  const next = async (): Promise<Report> => ((await once(child, 'message')) as [Report])[0];
  const ready = await next();
  if (ready.kind !== 'ready') throw new Error('the hostile process said something else first');
  let ended: Promise<Report> | null = null;
  return {
    model: ready.model,
    silent: ready.silent,
    start(order: Order) {
      ended = next();
      child.send(order);
    },
    async stop(): Promise<Counts> {
      child.send({ kind: 'stop' } satisfies Order);
      const report = await ended;
      return report?.kind === 'counts' ? report.counts : {};
    },
    end: () => child.disconnect(),
  };
}
