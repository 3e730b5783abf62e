import type { AnyContext } from '#domain/create-context.ts';
import { isDomainError } from '#domain/errors.ts';
import type { Cursor } from '#domain/events/index.ts';
import type { Lease } from '#domain/turn/index.ts';
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
import type { LoopEnd } from './loop-ports.ts';
import { summarizeAt } from './next-action.ts';
import { type OpenTurn, openTurn, TurnRefused } from './open-turn.ts';
import { openTokenMeter, type TokenMeter } from './token-meter.ts';
import { createTurnHooks } from './turn-hooks.ts';

const MAX_ATTEMPTS = 3;
const END_RETRY_MS = 1000;

/** Runs a claimed turn until it ends or is given away. Never throws; the lease is released or lost afterwards. */
export async function runTurn(deps: RunnerDeps, claimed: ClaimedTurn): Promise<LoopEnd> {
  const { turn, lease } = claimed;
  const log = deps.log.child({ session_id: turn.sessionId, turn_id: turn.id });
  const ctx = deps.contexts({ actor: { kind: 'system' }, requestId: turn.id, lease, log });
  try {
    return await attempt(deps, claimed, ctx);
  } catch (error) {
    if (isLost(error) || isLostSignal(claimed.signal)) return 'lost';
    if (!(error instanceof TurnRefused)) log.error({ err: error }, 'turn broke off');
    return endBroken(claimed, ctx, error);
  }
}

async function attempt(deps: RunnerDeps, claimed: ClaimedTurn, ctx: AnyContext): Promise<LoopEnd> {
  const { turn } = claimed;
  const end = (outcome: Extract<Change, { kind: 'finish' }>['outcome']) =>
    storeEnd(ctx, claimed, { kind: 'finish', outcome, interrupted: [] });
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
  const opening = openTurn(deps, { claimed, ctx, loaded, selection });
  opening.catch(() => {});
  const takenOverAt = await takeOver;
  const open = await opening;
  const meter = await openMeter(deps, open);
  if (loaded.isFresh && turn.number === 1 && !meter?.refusal()) startTitle(deps, ctx, { loaded, meter });
  const hooks = createTurnHooks(deps, open, { takenOverAt, meter });
  try {
    return await runLoop({
      state: loaded.state,
      tools: new Map(deps.tools.map((tool) => [tool.name, tool])),
      selection: open.selection,
      limits: {
        maxSteps: deps.settings.maxSteps,
        summarizeAt: deps.settings.autoSummarize ? summarizeAt(open.selection.model.contextWindow) : null,
      },
      hooks,
      now: () => deps.clock.now(),
      signal: claimed.signal,
      pause: claimed.pause,
      taskTimeoutMs: deps.settings.taskTimeoutMs,
    });
  } finally {
    hooks.close();
    await meter
      ?.flush()
      .catch((error: unknown) => ctx.log.error({ err: error }, 'tokens of a turn not counted'));
  }
}

/** Not with the turn's lease: what was taken was taken. */
function openMeter(deps: RunnerDeps, { claimed, ctx, selection }: OpenTurn): Promise<TokenMeter | null> {
  const { turn } = claimed;
  const own = deps.contexts({ actor: { kind: 'system' }, requestId: turn.id, log: ctx.log });
  const { tokensPerDay } = deps.settings;
  return openTokenMeter({ ctx: own, clock: deps.clock, tokensPerDay }, turn.userId, selection);
}

/**
 * A newer owner has been here, or the database was put back to an earlier state: while it holds the lease's row for
 * us, nobody can be newer.
 */
async function resetLog(deps: RunnerDeps, ctx: AnyContext, lease: Lease): Promise<Cursor> {
  const { sessionId, token } = lease;
  return ctx.transaction(async (tx) => {
    await tx.repositories.turns.assertLease(lease);
    ctx.log.warn({ session_id: sessionId, token }, 'the event log was ahead of the database and begins anew');
    return deps.eventLog.reset(sessionId, token);
  });
}

/** Fences off the owner before. A log that is out of reach does not stop the turn. */
async function takeOverLog(
  deps: RunnerDeps,
  { turn, lease, takenOver }: ClaimedTurn,
  ctx: AnyContext,
): Promise<Cursor | null> {
  try {
    return await deps.eventLog.takeOver(turn.sessionId, lease.token, takenOver);
  } catch (error) {
    if (isDomainError(error, 'stale_fence')) return resetLog(deps, ctx, lease);
    if (!isDomainError(error, 'unavailable')) throw error;
    ctx.log.warn({ err: error }, 'event log not taken over');
    return null;
  }
}

function startTitle(
  deps: RunnerDeps,
  ctx: AnyContext,
  { loaded: { session, state }, meter }: { loaded: LoadedTurn; meter: TokenMeter | null },
): void {
  const prompt = state.history.map(textOf).find((text) => text !== '') ?? '';
  if (prompt === '') return;
  const own = deps.contexts({ actor: { kind: 'system' }, requestId: state.turn.id, log: ctx.log });
  const selections = [() => deps.resolveModel(session, 'small'), () => deps.resolveModel(session, 'main')];
  const model = meter?.measured(deps.model) ?? deps.model;
  deps.background(async (signal) => {
    await nameSession({ ctx: own, model, selections }, { sessionId: session.id, prompt }, signal);
    await meter?.flush();
  });
}

/**
 * After an unexpected failure: a turn must neither stay busy nor vanish. The outage of a store gives it back to the
 * queue, a bug or a refusal ends it; both are tried until the database has it, or until the lease is gone.
 */
async function endBroken(claimed: ClaimedTurn, ctx: AnyContext, cause: unknown): Promise<LoopEnd> {
  const change = endOf(cause);
  for (;;) {
    try {
      return await storeEnd(ctx, claimed, change);
    } catch (error) {
      if (isLost(error) || isLostSignal(claimed.signal) || claimed.pause.aborted) return 'lost';
      ctx.log.warn({ err: errorMessage(error) }, 'the end of the turn could not be stored');
      await sleep(END_RETRY_MS, claimed.pause).catch(() => {});
    }
  }
}

type End = Extract<Change, { kind: 'finish' | 'hand_back' }>;

function endOf(cause: unknown): End {
  if (isDomainError(cause, 'unavailable')) return { kind: 'hand_back' };
  const told = cause instanceof TurnRefused ? cause : { message: 'Internal error', code: 'internal' };
  const outcome = { status: 'failed' as const, error: told.message, errorCode: told.code };
  return { kind: 'finish', outcome, interrupted: [] };
}

async function storeEnd(ctx: AnyContext, { turn, lease }: ClaimedTurn, change: End): Promise<LoopEnd> {
  await persist({ ctx, turn, lease, nextStepIndex: () => 0, stored() {} }, [change]);
  return change.kind === 'finish' ? 'finished' : 'handed_back';
}

function isLost(error: unknown): boolean {
  return isDomainError(error, 'lease_lost') || isDomainError(error, 'stale_fence');
}

function isLostSignal(signal: AbortSignal): boolean {
  return signal.aborted && abortKind(signal) === 'lease_lost';
}
