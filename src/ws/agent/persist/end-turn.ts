import { DomainError } from '#domain/errors.ts';
import { emit } from '#domain/events/index.ts';
import { toPermissionRequestView } from '#domain/permission/index.ts';
import { announceEnd, emitSessionStatus, finishTurn, markEnded } from '#domain/turn/index.ts';
import { applyWrites, countMessages, type Writer } from './apply-writes.ts';
import type { Change } from './changes.ts';
import { changeCall, finishStep, noWrites, type Writes } from './plan-writes.ts';

export type LastChange = Extract<Change, { kind: 'wait' | 'finish' | 'hand_back' }>;
type Finish = Extract<LastChange, { kind: 'finish' }>;
type Wait = Extract<LastChange, { kind: 'wait' }>;

export async function suspendOrEnd(writer: Writer, change: LastChange): Promise<void> {
  switch (change.kind) {
    case 'wait':
      return wait(writer, change);
    case 'finish':
      return finish(writer, change);
    case 'hand_back':
      return handBack(writer);
  }
}

async function wait(writer: Writer, { asks }: Wait): Promise<void> {
  const { tx, turn, lease } = writer;
  await mustTransition(writer, 'waiting');
  const writes = noWrites();
  for (const { call, request, isNew } of asks) {
    if (!isNew) continue;
    const open = await tx.repositories.permissions.getByToolCall(call.id);
    if (open?.status === 'pending') {
      // What was shown does not hold any more; the new request takes its place.
      await tx.repositories.permissions.settle(open.id, {
        status: 'cancelled',
        decidedBy: null,
        now: tx.clock.now(),
      });
    }
    await tx.repositories.permissions.insert(request);
    await emit(tx, { Type: 'permission_request', ...toPermissionRequestView(request) });
    changeCall(writes, writer, call, { status: 'awaiting_permission' });
  }
  await applyWrites(writer, writes);
  await emitSessionStatus(tx, turn.sessionId);
  await tx.repositories.turns.release(lease);
}

async function finish(writer: Writer, { outcome, interrupted }: Finish): Promise<void> {
  const { tx, turn, lease } = writer;
  const writes = noWrites();
  for (const id of interrupted) finishStep(writes, id, 'unknown');
  await applyWrites(writer, writes);
  mustBeDone(await finishTurn(tx, turn, { ...outcome, from: ['running'] }));
  await tx.repositories.turns.release(lease);
}

/**
 * A success closes nothing in the history, so that it travels with the writes before it. The session's row is
 * locked before the turn's, as a new prompt does it.
 */
export async function finishSucceeded(writer: Writer, writes: Writes, { outcome }: Finish): Promise<void> {
  const { tx, turn, lease } = writer;
  const ending = { ...outcome, from: ['running'] as const };
  await applyWrites(writer, writes, async () => {
    const counted = countMessages(writer, writes);
    const [ended] = await Promise.all([
      markEnded(tx, turn, ending),
      counted,
      tx.repositories.turns.release(lease),
    ]);
    await announceEnd(tx, mustBeDone(ended), ending);
  });
}

function mustBeDone<T>(ended: T | null): T {
  if (ended === null) throw new DomainError('lease_lost', 'The turn is not running any more');
  return ended;
}

async function handBack(writer: Writer): Promise<void> {
  await mustTransition(writer, 'queued');
  await writer.tx.repositories.turns.release(writer.lease);
  writer.tx.notify('turn_queued', { sessionId: writer.turn.sessionId });
}

async function mustTransition({ tx, turn }: Writer, to: 'waiting' | 'queued'): Promise<void> {
  mustBeDone(await tx.repositories.turns.transition(turn.id, ['running'], to, { now: tx.clock.now() }));
}
