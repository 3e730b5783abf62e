import type { Message } from '#domain/message/index.ts';
import { MAX_SESSION_CHARS, MAX_TURN_CHARS, SESSION_FULL } from '#domain/session/index.ts';
import type { ToolCall } from '#domain/toolcall/index.ts';
import { sha256 } from '#shared/digest.ts';
import { contextTokens, summaryMayHelp } from './context-size.ts';
import {
  callsOf,
  finishOf,
  ownMessages,
  resultsOf,
  type SummaryCause,
  type TurnState,
} from './turn-state.ts';

export type Action =
  | { kind: 'call_model'; reopen: Message | null }
  | { kind: 'summarize'; reopen: Message | null; cause: SummaryCause }
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
  const own = ownMessages(state);
  if (state.turn.kind === 'summary') return askedSummary(own);
  const at = own.findLastIndex(isStep);
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

function askedSummary(own: readonly Message[]): Action {
  const message = own.find(({ isSummary }) => isSummary) ?? null;
  if (message && message.finishedAt !== null) return { kind: 'end' };
  return { kind: 'summarize', reopen: message, cause: 'asked' };
}

function callModel(state: TurnState, own: readonly Message[], { summarizeAt: limit }: LoopLimits): Action {
  const reopen = own.find(({ isSummary, finishedAt }) => isSummary && finishedAt === null) ?? null;
  const isFull = limit !== null && contextTokens(state) >= limit && summaryMayHelp(state, limit);
  return isFull || reopen
    ? { kind: 'summarize', reopen, cause: 'full' }
    : { kind: 'call_model', reopen: null };
}

function furtherStep(state: TurnState, own: readonly Message[], limits: LoopLimits): Action {
  const { maxSteps } = limits;
  const full = tooMuchStored(state);
  if (full) return full;
  if (stepsTaken(state, own) >= maxSteps) {
    return { kind: 'fail', error: `Stopped after ${maxSteps} steps`, errorCode: 'max_steps' };
  }
  if (repeatsItself(own, state.digests)) {
    return {
      kind: 'fail',
      error: 'Stopped because the same tool calls were repeated with the same results',
      errorCode: 'loop_detected',
    };
  }
  return callModel(state, own, limits);
}

/** By the calls as well: messages from before a summary are not loaded when a turn is taken up again. */
function stepsTaken({ calls }: TurnState, own: readonly Message[]): number {
  const steps = new Set<string | null>(own.filter(isStep).map(({ id }) => id));
  for (const { messageId } of calls.values()) steps.add(messageId);
  return steps.size;
}

function isStep({ role, isSummary }: Message): boolean {
  return role === 'assistant' && !isSummary;
}

function tooMuchStored({ stored }: TurnState): Action | null {
  if (stored.session >= MAX_SESSION_CHARS) {
    return { kind: 'fail', error: SESSION_FULL, errorCode: 'session_full' };
  }
  if (stored.turn < MAX_TURN_CHARS) return null;
  const error = `Stopped because this turn has produced more than ${MAX_TURN_CHARS / 1024 / 1024} MB; go on with a new message`;
  return { kind: 'fail', error, errorCode: 'turn_full' };
}

/** One step's signature more than 5 times among the last 10 steps. */
function repeatsItself(own: readonly Message[], digests: TurnState['digests']): boolean {
  const counts = new Map<string, number>();
  for (const signature of stepSignatures(own, digests)) {
    const count = (counts.get(signature) ?? 0) + 1;
    if (count > LOOP_LIMIT) return true;
    counts.set(signature, count);
  }
  return false;
}

/** Of the last steps that called tools. */
function stepSignatures(own: readonly Message[], digests: TurnState['digests']): string[] {
  const steps = own.filter((message) => message.role === 'assistant' && callsOf(message).length > 0);
  const recent = steps.slice(-LOOP_WINDOW);
  const first = recent[0];
  if (!first) return [];
  const results = resultsOf(own.slice(own.indexOf(first)));
  return recent.map((message) => {
    const digest = callsOf(message).map((call) => {
      const result = results.get(call.id);
      return [
        call.name,
        digestOf(digests, call, call.input),
        result ? digestOf(digests, result, result.content) : '',
      ];
    });
    return sha256(JSON.stringify(digest));
  });
}

function digestOf(digests: TurnState['digests'], part: object, text: string): string {
  const known = digests.get(part);
  if (known !== undefined) return known;
  const digest = sha256(text);
  digests.set(part, digest);
  return digest;
}
