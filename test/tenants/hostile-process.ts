/** The hostile tenant in a process of its own, so that what it does takes no time of whoever measures. */
import { ATTACKS, type Counts } from './attacks.ts';
import { startModel, startSilentServer } from './deployment.ts';
import { registerTenant, type Target } from './tenant.ts';

export type Order =
  | { kind: 'start'; attack: string; target: Target; victims: { email: string }[]; address: string }
  | { kind: 'stop' };
export type Report = { kind: 'ready'; model: string; silent: string } | { kind: 'counts'; counts: Counts };

const tell = (report: Report) => process.send?.(report);
const model = await startModel();
const silent = await startSilentServer();
let attack = new AbortController();

process.on('message', (order: Order) => {
  if (order.kind === 'stop') {
    attack.abort();
    return;
  }
  attack = new AbortController();
  const { signal } = attack;
  const { target, victims, address } = order;
  registerTenant(target, address)
    .then((tenant) =>
      ATTACKS[order.attack]?.({ target, tenant, victims, silentOrigin: silent.origin, signal }),
    )
    .then(
      (counts) => tell({ kind: 'counts', counts: counts ?? {} }),
      (error: unknown) => tell({ kind: 'counts', counts: { [`error: ${String(error).slice(0, 200)}`]: 1 } }),
    );
});
process.on('disconnect', () => process.exit(0));
tell({ kind: 'ready', model: model.url, silent: silent.origin });
