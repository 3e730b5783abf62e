import type { Cursor } from '#domain/events/index.ts';
import type { Message } from '#domain/message/index.ts';
import type { ModelPart, ModelRequest, ModelSelection } from '#domain/provider/index.ts';
import type { Change } from '../persist/changes.ts';
import type { StreamSink } from '../step/step-stream.ts';
import type { ToolStepHooks } from '../step/tool-step.ts';
import type { Tool } from '../tools/tool.ts';
import type { LoopLimits } from './next-action.ts';
import type { TurnState } from './turn-state.ts';

export type LoopEnd = 'finished' | 'waiting' | 'handed_back' | 'lost';

/** `elision`: 0, or how often a request for this summary was already too long for the model. */
export type RequestPurpose = { kind: 'step' } | { kind: 'summary'; elision: number };

/** All that the loop does to the world. */
export interface LoopHooks extends ToolStepHooks {
  /** Writes in one transaction. Throws `lease_lost`. */
  commit(changes: Change[]): Promise<void>;
  /** Why the model must not be called any more, as a sentence for the user; null: it may. */
  refusal(): string | null;
  /** From the state's history, without what is not finished. */
  buildRequest(purpose: RequestPurpose): Promise<ModelRequest>;
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelPart>;
  delta(message: Message, delta: Parameters<StreamSink['delta']>[0]): void;
  checkpoint(
    message: Message,
    parts: Parameters<StreamSink['checkpoint']>[0],
    streamed: number,
  ): Promise<void>;
  /** A position of the log behind all that was streamed so far; null when it cannot be told now. */
  positionAtLeast(): Promise<Cursor | null>;
}

export interface LoopInput {
  state: TurnState;
  tools: ReadonlyMap<string, Tool>;
  selection: ModelSelection;
  limits: LoopLimits;
  hooks: LoopHooks;
  now(): number;
  /** Stop at once. */
  signal: AbortSignal;
  /** Stop at the next boundary: no further step, model calls end. */
  pause: AbortSignal;
  taskTimeoutMs: number;
}

export interface Run extends LoopInput {
  /** Goes into the next transaction. */
  pending: Change[];
}
