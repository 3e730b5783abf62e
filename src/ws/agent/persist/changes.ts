import type { Message, ToolResultPart } from '#domain/message/index.ts';
import type { PermissionRequest } from '#domain/permission/index.ts';
import type { SessionUsage } from '#domain/session/index.ts';
import type { ToolCall } from '#domain/toolcall/index.ts';
import type { StepEffect, TurnOutcome } from '#domain/turn/index.ts';
import type { StepUsage } from '../step/usage.ts';
import type { ToolResult } from '../tools/tool.ts';

/** What the loop wants written. Those given together are one transaction, in order. */
export type Change =
  /** Announces an assistant message, or withdraws what an earlier attempt put into it. */
  | { kind: 'open_message'; message: Message; reopened: boolean }
  /** A finished model step and the calls that it made. */
  | { kind: 'close_message'; message: Message; calls: ToolCall[]; usage: StepUsage; isSummary: boolean }
  /** What a model step had when it broke off; the end of the turn closes it. */
  | { kind: 'save_message'; message: Message; calls: ToolCall[] }
  /** What a model call took that no finished message stands for. */
  | { kind: 'count_usage'; usage: SessionUsage }
  /** Journal before effect. */
  | { kind: 'start_calls'; calls: StartedCall[] }
  | { kind: 'results'; message: Message; results: CallOutcome[] }
  /** Another reason for the end of a message that had been finished before. */
  | { kind: 'refinish_message'; message: Message }
  | { kind: 'wait'; asks: OpenAsk[] }
  | { kind: 'finish'; outcome: Omit<TurnOutcome, 'from'>; interrupted: string[] }
  /** Back into the queue, for whoever claims it. */
  | { kind: 'hand_back' };

export interface StartedCall {
  call: ToolCall;
  effect: StepEffect;
  journal: string | null;
  /** An earlier attempt left its step open. */
  isRepeated: boolean;
}

export interface CallOutcome {
  call: ToolCall;
  part: ToolResultPart;
  status: 'completed' | 'error' | 'timeout';
  /** What becomes of the step; null: nothing was journalled. */
  step: 'done' | 'failed' | 'unknown' | null;
  todos?: ToolResult['todos'];
  commit?: ToolResult['commit'];
  storedChars?: ToolResult['storedChars'];
}

export interface OpenAsk {
  call: ToolCall;
  request: PermissionRequest;
  /** False: it was asked before and is still open. */
  isNew: boolean;
}
