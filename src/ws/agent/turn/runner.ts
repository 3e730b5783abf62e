import type { AnyContext } from '#domain/create-context.ts';
import { DomainError, isDomainError } from '#domain/errors.ts';
import type { ModelSelection } from '#domain/provider/index.ts';
import { WorkspaceError } from '#domain/workspace/index.ts';
import { sleep } from '#shared/async/sleep.ts';
import { errorMessage } from '#shared/text.ts';
import { abortKind } from '../coordinator/abort.ts';
import type { Change } from '../persist/changes.ts';
import { persist } from '../persist/persist.ts';
import { nameSession } from '../prompt/name-session.ts';
import { textOf } from '../prompt/prompt-messages.ts';
import type { ClaimedTurn, RunnerDeps } from './claimed-turn.ts';
import { type LoadedTurn, loadTurn } from './load-turn.ts';
import { runLoop } from './loop.ts';
import type { LoopEnd } from './run.ts';
import { createTurnHooks, type TurnScope } from './turn-hooks.ts';
import { summarizeAt } from './turn-state.ts';

const MAX_ATTEMPTS = 3;
const SETTLE_RETRY_MS = 1000;

/** Runs a claimed turn until it ends or is given away. Never throws; the lease is released or lost afterwards. */
export async function runTurn(deps: RunnerDeps, claimed: ClaimedTurn): Promise<LoopEnd> {
  const { turn, lease } = claimed;
  const log = deps.log.child({ session_id: turn.sessionId, turn_id: turn.id });
  const ctx = deps.contexts({ actor: { kind: 'system' }, requestId: turn.id, lease, log });
  try {
    return await attempt(deps, claimed, ctx);
  } catch (error) {
    if (isLost(error) || isLostSignal(claimed.signal)) return 'lost';
    log.error({ err: error }, 'turn broke off');
    return settle(claimed, ctx, error);
  }
}

async function attempt(deps: RunnerDeps, claimed: ClaimedTurn, ctx: AnyContext): Promise<LoopEnd> {
  const { turn } = claimed;
  const end = (outcome: Extract<Change, { kind: 'finish' }>['outcome']) =>
    conclude(ctx, claimed, { kind: 'finish', outcome, interrupted: [] });
  const takeOver = takeOverLog(deps, claimed, ctx);
  takeOver.catch(() => {});
  if (turn.cancelRequested) {
    await takeOver;
    return end({ status: 'cancelled' });
  }
  if (turn.attempt > MAX_ATTEMPTS) {
    await takeOver;
    return end({
      status: 'failed',
      error: 'The server running this turn stopped repeatedly',
      errorCode: 'crash_loop',
    });
  }
  const selection = deps.resolveModel({ id: turn.sessionId, userId: turn.userId }, 'main');
  selection.catch(() => {});
  const loaded = await loadTurn(ctx, turn);
  const [scope] = await Promise.all([openScope(deps, claimed, { ctx, loaded, selection }), takeOver]);
  if (scope instanceof DomainError) {
    return end({ status: 'failed', error: scope.message, errorCode: scope.code });
  }
  if (loaded.isFresh && turn.number === 1) startTitle(deps, ctx, loaded);
  const hooks = createTurnHooks(deps, scope);
  try {
    return await runLoop({
      state: loaded.state,
      tools: new Map(deps.tools.map((tool) => [tool.name, tool])),
      selection: scope.selection,
      limits: {
        maxSteps: deps.settings.maxSteps,
        summarizeAt: deps.settings.autoSummarize ? summarizeAt(scope.selection.model.contextWindow) : null,
      },
      hooks,
      now: () => deps.clock.now(),
      signal: claimed.signal,
      pause: claimed.pause,
      taskTimeoutMs: deps.settings.taskTimeoutMs,
    });
  } finally {
    hooks.close();
  }
}

/** Fences off the owner before. A log that is out of reach does not stop the turn. */
async function takeOverLog(
  deps: RunnerDeps,
  { turn, lease, takenOver }: ClaimedTurn,
  ctx: AnyContext,
): Promise<void> {
  try {
    await deps.eventLog.takeOver(turn.sessionId, lease.token, takenOver);
  } catch (error) {
    if (!isDomainError(error, 'unavailable')) throw error;
    ctx.log.warn({ err: error }, 'event log not taken over');
  }
}

/** A `DomainError` is what the user has to be told instead. */
async function openScope(
  deps: RunnerDeps,
  claimed: ClaimedTurn,
  { ctx, loaded, selection }: { ctx: AnyContext; loaded: LoadedTurn; selection: Promise<ModelSelection> },
): Promise<TurnScope | DomainError> {
  const { project } = loaded;
  try {
    const [selected, workspace] = await Promise.all([
      selection,
      deps.workspaces.open(project.id, project.workspaceRoot),
    ]);
    return { claimed, ctx, loaded, selection: selected, workspace };
  } catch (error) {
    if (isDomainError(error) && !isDomainError(error, 'unavailable')) return error;
    if (!(error instanceof WorkspaceError)) throw error;
    return new DomainError('unavailable', `The workspace cannot be used: ${error.message}`, { cause: error });
  }
}

function startTitle(deps: RunnerDeps, ctx: AnyContext, { session, state }: LoadedTurn): void {
  const prompt = state.history.map(textOf).find((text) => text !== '') ?? '';
  if (prompt === '') return;
  const own = deps.contexts({ actor: { kind: 'system' }, requestId: state.turn.id, log: ctx.log });
  const selections = [() => deps.resolveModel(session, 'small'), () => deps.resolveModel(session, 'main')];
  deps.background((signal) =>
    nameSession({ ctx: own, model: deps.model, selections }, { sessionId: session.id, prompt }, signal),
  );
}

/**
 * After an unexpected failure: a turn must neither stay busy nor vanish. The outage of a store gives it back to the
 * queue, a bug ends it; both are tried until the database has it, or until the lease is gone.
 */
async function settle(claimed: ClaimedTurn, ctx: AnyContext, cause: unknown): Promise<LoopEnd> {
  const change: Change = isDomainError(cause, 'unavailable')
    ? { kind: 'hand_back' }
    : {
        kind: 'finish',
        outcome: { status: 'failed', error: 'Internal error', errorCode: 'internal' },
        interrupted: [],
      };
  for (;;) {
    try {
      return await conclude(ctx, claimed, change);
    } catch (error) {
      if (isLost(error) || isLostSignal(claimed.signal) || claimed.pause.aborted) return 'lost';
      ctx.log.warn({ err: errorMessage(error) }, 'the end of the turn could not be stored');
      await sleep(SETTLE_RETRY_MS, claimed.pause).catch(() => {});
    }
  }
}

async function conclude(
  ctx: AnyContext,
  { turn, lease }: ClaimedTurn,
  change: Extract<Change, { kind: 'finish' | 'hand_back' }>,
): Promise<LoopEnd> {
  await persist({ ctx, turn, lease, nextStepIndex: () => 0, stored() {} }, [change]);
  return change.kind === 'finish' ? 'finished' : 'handed_back';
}

function isLost(error: unknown): boolean {
  return isDomainError(error, 'lease_lost') || isDomainError(error, 'stale_fence');
}

function isLostSignal(signal: AbortSignal): boolean {
  return signal.aborted && abortKind(signal) === 'lease_lost';
}
