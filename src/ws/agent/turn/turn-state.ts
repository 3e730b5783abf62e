import type { FinishPart, Message, ToolCallPart, ToolResultPart } from '#domain/message/index.ts';
import type { ToolCall } from '#domain/toolcall/index.ts';
import type { Step, Turn } from '#domain/turn/index.ts';
import { sha256 } from '#shared/digest.ts';

/** Everything that is stored of a turn, and the history before it. */
export interface TurnState {
  turn: Turn;
  /** In order; the turn's own messages are the last. */
  history: Message[];
  calls: Map<string, ToolCall>;
  /** Steps of calls that an earlier owner had started and not finished, by call id. */
  interrupted: Map<string, Step>;
  /** The turn's own prompt, which may be older than the history that is loaded. */
  prompt: Message | null;
  /** Where the history that the model sees begins. */
  summaryId: string | null;
  /** Tokens of the latest model call, prompt and answer. */
  contextTokens: number;
  /** A summary was tried in vain. */
  summaryFailed: boolean;
}

export type Action =
  | { kind: 'call_model'; reopen: Message | null }
  /** The context is nearly full. */
  | { kind: 'summarize'; reopen: Message | null }
  | { kind: 'run_tools'; calls: ToolCall[] }
  /** The model's answer was cut: its calls are answered without being run. */
  | { kind: 'refuse_calls'; calls: ToolCall[] }
  | { kind: 'end' }
  | { kind: 'fail'; error: string; errorCode: string };

export interface LoopLimits {
  maxSteps: number;
  /** Tokens of context from which on it is summarized first; null: never. */
  summarizeAt: number | null;
}

const LARGE_WINDOW = 200_000;
const LARGE_WINDOW_RESERVE = 20_000;
const SMALL_WINDOW_SHARE = 0.8;

/** 20 000 tokens are kept free in windows over 200 000, a fifth in others. */
export function summarizeAt(contextWindow: number): number | null {
  if (contextWindow === 0) return null;
  if (contextWindow > LARGE_WINDOW) return contextWindow - LARGE_WINDOW_RESERVE;
  return Math.floor(contextWindow * SMALL_WINDOW_SHARE);
}

const LOOP_WINDOW = 10;
const LOOP_LIMIT = 5;

/** What comes next follows from what is stored, whoever stored it. */
export function nextAction(state: TurnState, limits: LoopLimits): Action {
  const own = state.history.filter(({ turnNumber }) => turnNumber === state.turn.number);
  const at = own.findLastIndex(({ role, isSummary }) => role === 'assistant' && !isSummary);
  const message = own[at];
  if (!message) return callModel(state, own, limits);
  if (message.finishedAt === null) return { kind: 'call_model', reopen: message };
  const results = resultsOf(own.slice(at + 1));
  const open = callsOf(message).flatMap(({ id }) => {
    const call = results.has(id) ? undefined : state.calls.get(id);
    return call ? [call] : [];
  });
  const reason = finishOf(message)?.reason;
  // A message of which a call was denied still has its other calls run.
  const continues = reason === 'tool_use' || reason === 'permission_denied';
  if (open.length > 0) return { kind: continues ? 'run_tools' : 'refuse_calls', calls: open };
  if (!continues) return { kind: 'end' };
  if ([...results.values()].some((result) => result.stop_turn)) return { kind: 'end' };
  return furtherStep(state, own, limits);
}

function callModel(state: TurnState, own: readonly Message[], { summarizeAt: limit }: LoopLimits): Action {
  const reopen = own.find(({ isSummary, finishedAt }) => isSummary && finishedAt === null) ?? null;
  const isFull = limit !== null && state.contextTokens >= limit && !state.summaryFailed;
  return isFull || reopen ? { kind: 'summarize', reopen } : { kind: 'call_model', reopen: null };
}

function furtherStep(state: TurnState, own: readonly Message[], limits: LoopLimits): Action {
  const { maxSteps } = limits;
  const steps = own.filter(({ role, isSummary }) => role === 'assistant' && !isSummary).length;
  if (steps >= maxSteps) {
    return { kind: 'fail', error: `Stopped after ${maxSteps} steps`, errorCode: 'max_steps' };
  }
  if (repeatsItself(own)) {
    return {
      kind: 'fail',
      error: 'Stopped because the same tool calls were repeated with the same results',
      errorCode: 'loop_detected',
    };
  }
  return callModel(state, own, limits);
}

/** One step's signature more than 5 times among the last 10 steps. */
function repeatsItself(own: readonly Message[]): boolean {
  const counts = new Map<string, number>();
  for (const signature of stepSignatures(own).slice(-LOOP_WINDOW)) {
    const count = (counts.get(signature) ?? 0) + 1;
    if (count > LOOP_LIMIT) return true;
    counts.set(signature, count);
  }
  return false;
}

function stepSignatures(own: readonly Message[]): string[] {
  const results = resultsOf(own);
  return own.flatMap((message) => {
    const calls = message.role === 'assistant' ? callsOf(message) : [];
    if (calls.length === 0) return [];
    const digest = calls.map(({ id, name, input }) => [name, input, results.get(id)?.content ?? '']);
    return [sha256(JSON.stringify(digest))];
  });
}

export function callsOf(message: Message): ToolCallPart[] {
  return message.parts.filter((part): part is ToolCallPart => part.type === 'tool_call');
}

export function resultsOf(messages: readonly Message[]): Map<string, ToolResultPart> {
  const found = new Map<string, ToolResultPart>();
  for (const message of messages) {
    for (const part of message.parts) if (part.type === 'tool_result') found.set(part.tool_call_id, part);
  }
  return found;
}

export function finishOf(message: Message): FinishPart | undefined {
  return message.parts.find((part): part is FinishPart => part.type === 'finish');
}

export function nextIndex(state: TurnState): number {
  const own = state.history.filter(({ turnNumber }) => turnNumber === state.turn.number);
  return Math.max(-1, ...own.map(({ index }) => index)) + 1;
}

export function remember(state: TurnState, message: Message): void {
  const at = state.history.findIndex(({ id }) => id === message.id);
  if (at === -1) state.history.push(message);
  else state.history[at] = message;
}
