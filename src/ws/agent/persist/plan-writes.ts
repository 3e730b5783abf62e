import { type Message, sizeOfParts, toMessageView } from '#domain/message/index.ts';
import type { SessionFrame } from '#domain/protocol/index.ts';
import type { SessionUsage } from '#domain/session/index.ts';
import { type ToolCall, type ToolCallChange, toToolCallView } from '#domain/toolcall/index.ts';
import type { Lease, Step, Turn } from '#domain/turn/index.ts';
import type { ToolResult } from '../tools/tool.ts';
import type { Change } from './changes.ts';

/** Rows and events of one transaction, as data. No row depends on another, and each is written once. */
export interface Writes {
  newMessages: Message[];
  changedMessages: Map<string, Message>;
  newCalls: Map<string, ToolCall>;
  changedCalls: Array<{ id: string; change: ToolCallChange; now: number }>;
  /** In order. */
  steps: StepWrite[];
  /** In order: what clients are told, and what tools write besides. */
  events: PlannedEvent[];
  /** Messages that become part of the session. */
  countedMessages: number;
  usage: SessionUsage;
}

export type StepWrite =
  | { kind: 'start'; step: Step }
  | { kind: 'finish'; subjectId: string; state: 'done' | 'failed' | 'unknown'; output: string | null };

export type PlannedEvent =
  | { kind: 'frame'; frame: SessionFrame }
  | { kind: 'commit'; commit: NonNullable<ToolResult['commit']> };

export interface PlanInput {
  turn: Pick<Turn, 'id' | 'sessionId'>;
  lease: Pick<Lease, 'token'>;
  now: number;
  /** Gives each step of the turn its number. */
  nextStepIndex(): number;
  /** A tool call's row as it will be. */
  stored(call: ToolCall): void;
}

/** The changes that end or suspend the turn come last and are no part of this. */
export type PlannedChange = Exclude<Change, { kind: 'wait' | 'finish' | 'hand_back' }>;

export function noWrites(): Writes {
  return {
    newMessages: [],
    changedMessages: new Map(),
    newCalls: new Map(),
    changedCalls: [],
    steps: [],
    events: [],
    countedMessages: 0,
    usage: {},
  };
}

export function planWrites(input: PlanInput, changes: readonly PlannedChange[]): Writes {
  const writes = noWrites();
  for (const change of changes) plan(writes, input, change);
  return writes;
}

function plan(writes: Writes, input: PlanInput, change: PlannedChange): void {
  switch (change.kind) {
    case 'open_message':
      if (change.reopened) setMessage(writes, change.message);
      else writes.newMessages.push(change.message);
      tellMessage(writes, input, change.message);
      break;
    case 'close_message':
      closeMessage(writes, input, change);
      break;
    case 'save_message':
      writes.countedMessages += 1;
      setMessage(writes, change.message);
      insertCalls(writes, change.calls);
      countUsage(writes, { addChars: sizeOfParts(change.message.parts) });
      break;
    case 'count_usage':
      countUsage(writes, change.usage);
      break;
    case 'refinish_message':
      setMessage(writes, change.message);
      tellMessage(writes, input, change.message);
      break;
    case 'start_calls':
      for (const started of change.calls) startCall(writes, input, started);
      break;
    case 'results':
      storeResults(writes, input, change);
      break;
  }
}

type Of<K extends PlannedChange['kind']> = Extract<PlannedChange, { kind: K }>;

function closeMessage(
  writes: Writes,
  input: PlanInput,
  { message, calls, usage, isSummary }: Of<'close_message'>,
): void {
  setMessage(writes, message);
  tellMessage(writes, input, message);
  insertCalls(writes, calls);
  const { cost, ...size } = usage;
  writes.countedMessages += 1;
  countUsage(writes, {
    ...size,
    addCost: cost,
    addChars: sizeOfParts(message.parts),
    ...(isSummary && { summaryMessageId: message.id }),
  });
}

/** Costs and sizes add up, the rest is what came last. */
function countUsage(writes: Writes, usage: SessionUsage): void {
  const { addCost = 0, addChars = 0 } = writes.usage;
  writes.usage = {
    ...writes.usage,
    ...usage,
    addCost: addCost + (usage.addCost ?? 0),
    addChars: addChars + (usage.addChars ?? 0),
  };
}

function startCall(
  writes: Writes,
  input: PlanInput,
  { call, effect, journal, isRepeated }: Of<'start_calls'>['calls'][number],
): void {
  if (isRepeated) finishStep(writes, call.id, 'failed');
  if (effect !== 'none') {
    const step: Step = {
      turnId: input.turn.id,
      index: input.nextStepIndex(),
      kind: 'tool',
      tool: call.name,
      subjectId: call.id,
      state: 'started',
      effect,
      input: journal,
      output: null,
      token: input.lease.token,
      startedAt: input.now,
      finishedAt: null,
    };
    writes.steps.push({ kind: 'start', step });
  }
  changeCall(writes, input, call, { status: 'running', startedAt: input.now });
}

function storeResults(writes: Writes, input: PlanInput, { message, results }: Of<'results'>): void {
  let stored = sizeOfParts(message.parts);
  for (const { call, part, status, step, commit, storedChars = 0 } of results) {
    stored += storedChars;
    if (step) finishStep(writes, call.id, step, part.content);
    changeCall(writes, input, call, {
      status,
      result: part.content,
      isError: part.is_error,
      errorMessage: part.is_error ? part.content : null,
      finishedAt: input.now,
    });
    if (commit) writes.events.push({ kind: 'commit', commit });
  }
  writes.countedMessages += 1;
  countUsage(writes, { addChars: stored });
  writes.newMessages.push(message);
  tellMessage(writes, input, message);
}

function setMessage({ changedMessages }: Writes, message: Message): void {
  changedMessages.set(message.id, message);
}

function insertCalls(writes: Writes, calls: readonly ToolCall[]): void {
  for (const call of calls) {
    writes.newCalls.set(call.id, call);
    tellCall(writes, call);
  }
}

export function changeCall(
  writes: Writes,
  { now, stored }: Pick<PlanInput, 'now' | 'stored'>,
  call: ToolCall,
  change: ToolCallChange,
): void {
  const changed = { ...call, ...change, updatedAt: now };
  if (writes.newCalls.has(call.id)) writes.newCalls.set(call.id, changed);
  else writes.changedCalls.push({ id: call.id, change, now });
  stored(changed);
  tellCall(writes, changed);
}

export function finishStep(
  writes: Writes,
  subjectId: string,
  state: 'done' | 'failed' | 'unknown',
  output: string | null = null,
): void {
  writes.steps.push({ kind: 'finish', subjectId, state, output });
}

function tellMessage({ events }: Writes, { turn }: PlanInput, message: Message): void {
  events.push({
    kind: 'frame',
    frame: { Type: 'message', session_id: turn.sessionId, ...toMessageView(message) },
  });
}

function tellCall({ events }: Writes, call: ToolCall): void {
  events.push({ kind: 'frame', frame: { Type: 'tool_call_update', ...toToolCallView(call) } });
}
