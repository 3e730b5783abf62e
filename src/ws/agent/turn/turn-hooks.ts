import type { Cursor } from '#domain/events/index.ts';
import type { ToolCall } from '#domain/toolcall/index.ts';
import { createLiveOutput } from '../persist/live-output.ts';
import { persist } from '../persist/persist.ts';
import { createTextSaver } from '../persist/text-saver.ts';
import { createRequestBuilder } from '../prompt/request-builder.ts';
import { decide } from '../step/approval.ts';
import type { RunnerDeps } from './claimed-turn.ts';
import type { LoopHooks } from './loop-ports.ts';
import type { OpenTurn } from './open-turn.ts';
import type { TokenMeter } from './token-meter.ts';
import { toolScope } from './tool-scope.ts';

/** Connects the loop to the database, the event log, the model and the workspace. */
export function createTurnHooks(
  deps: RunnerDeps,
  open: OpenTurn,
  { takenOverAt, meter }: { takenOverAt: Cursor | null; meter: TokenMeter | null },
): LoopHooks & { close(): void } {
  const { publisher, clock, settings } = deps;
  const { claimed, ctx, loaded } = open;
  const { turn, lease, signal } = claimed;
  const { state } = loaded;
  const { sessionId } = turn;
  const live = createLiveOutput({ publisher, fence: lease.token, clock });
  const saver = createTextSaver({
    ctx,
    publisher,
    clock,
    sessionId,
    signal,
    takenOverAt,
    abortLost: () => claimed.abortLost(),
  });
  const model = meter?.measured(deps.model) ?? deps.model;
  let stepIndex = loaded.nextStep;
  const persistDeps = {
    ctx,
    turn,
    lease,
    nextStepIndex: () => stepIndex++,
    stored: (call: ToolCall) => state.calls.set(call.id, call),
  };
  return {
    async commit(changes) {
      await saver.idle();
      // What a call shows while it runs must not follow its result.
      for (const change of changes) {
        if (change.kind === 'results') for (const { call } of change.results) live.forget(call.id);
      }
      if (meter) await meter.settling((charge) => persist({ ...persistDeps, charge }, changes));
      else await persist(persistDeps, changes);
    },
    buildRequest: createRequestBuilder(deps, open),
    refusal: () => meter?.refusal() ?? null,
    stream: (request, abort) => model.stream(request, abort),
    delta(message, delta) {
      if (signal.aborted) return;
      publisher.delta({ session_id: sessionId, message_id: message.id, ...delta }, lease.token);
    },
    checkpoint: saver.checkpoint,
    positionAtLeast: saver.positionAtLeast,
    scope: (call) => toolScope(deps, open, call),
    decide: (call, ask) => decide({ permissions: ctx.repositories.permissions, settings, clock }, call, ask),
    progress(call, tail) {
      if (!signal.aborted) live.show(state.calls.get(call.id) ?? call, tail);
    },
    unexpected: (call, error) => ctx.log.error({ err: error, tool: call.name }, 'tool failed unexpectedly'),
    close: () => live.close(),
  };
}
