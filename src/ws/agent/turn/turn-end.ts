import type { ToolCall } from '#domain/toolcall/index.ts';
import { abortKind } from '../coordinator/abort.ts';
import type { Change } from '../persist/changes.ts';
import type { LoopEnd, Run } from './loop-ports.ts';

/** Writes what is pending, and these behind it, in one transaction. */
export async function commit(run: Run, ...last: Change[]): Promise<void> {
  const changes = [...run.pending.splice(0), ...last];
  if (changes.length > 0) await run.hooks.commit(changes);
}

type Outcome = Extract<Change, { kind: 'finish' }>['outcome'];

/** `interrupted`: calls whose outcome nobody knows. */
export async function endTurn(run: Run, outcome: Outcome, interrupted: string[] = []): Promise<LoopEnd> {
  await commit(run, { kind: 'finish', outcome, interrupted });
  return 'finished';
}

export async function handBack(run: Run): Promise<LoopEnd> {
  await commit(run, { kind: 'hand_back' });
  return 'handed_back';
}

/** What the reason of the abort demands. `started`: calls whose effect may have happened. */
export async function endAborted(run: Run, started: ToolCall[] = []): Promise<LoopEnd> {
  const interrupted = started.map(({ id }) => id);
  switch (abortKind(run.signal)) {
    case 'lease_lost':
      return 'lost';
    case 'cancel':
      return endTurn(run, { status: 'cancelled' }, interrupted);
    case 'timeout': {
      const error = `The turn took longer than ${Math.round(run.taskTimeoutMs / 1000)} seconds`;
      return endTurn(run, { status: 'failed', error, errorCode: 'timeout' }, interrupted);
    }
    case 'drain':
      return handBack(run);
  }
}
