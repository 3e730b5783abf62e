import { applyWrites, countMessages, type PersistDeps, type Writer } from './apply-writes.ts';
import type { Change } from './changes.ts';
import { finishSucceeded, type LastChange, suspendOrEnd } from './end-turn.ts';
import { type PlannedChange, planWrites } from './plan-writes.ts';

/** Writes changes of the turn in one transaction that fails with `lease_lost` once the lease is not ours. */
export async function persist(deps: PersistDeps, changes: readonly Change[]): Promise<void> {
  const planned = changes.filter(isPlanned);
  const last = changes.find((change): change is LastChange => !isPlanned(change));
  await deps.ctx.transaction(async (tx) => {
    const writer: Writer = { ...deps, tx, now: tx.clock.now() };
    const writes = planWrites(writer, planned);
    if (last?.kind === 'finish' && last.outcome.status === 'succeeded') {
      return finishSucceeded(writer, writes, last);
    }
    await applyWrites(writer, writes, () => countMessages(writer, writes));
    if (last) await suspendOrEnd(writer, last);
  });
}

function isPlanned(change: Change): change is PlannedChange {
  return change.kind !== 'wait' && change.kind !== 'finish' && change.kind !== 'hand_back';
}
