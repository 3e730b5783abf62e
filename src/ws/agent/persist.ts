import type { AnyContext } from '#domain/create-context.ts';
import { DomainError } from '#domain/errors.ts';
import { emit } from '#domain/events/index.ts';
import { type Message, toMessageView } from '#domain/message/index.ts';
import { toPermissionRequestView } from '#domain/permission/index.ts';
import { type Session, toSessionView } from '#domain/session/index.ts';
import { type ToolCall, type ToolCallChange, toToolCallView } from '#domain/toolcall/index.ts';
import { emitSessionStatus, finishTurn, type Lease, type Step, type Turn } from '#domain/turn/index.ts';
import type { CallOutcome, Change } from './changes.ts';

export interface PersistDeps {
  ctx: AnyContext;
  turn: Turn;
  lease: Lease;
  /** Gives each step of the turn its number. */
  nextStepIndex(): number;
  /** A tool call's row as it is now. */
  stored(call: ToolCall): void;
}

/** Writes changes of the turn in one transaction that fails with `lease_lost` once the lease is not ours. */
export async function persist(deps: PersistDeps, changes: readonly Change[]): Promise<void> {
  await deps.ctx.transaction(async (tx) => {
    const writer: Writer = { ...deps, tx, messages: 0, session: null };
    const last = changes.at(-1);
    for (const change of changes) {
      // Counters and usage come before what ends the turn.
      if (change === last && isLast(change)) await writeSession(writer);
      await write(writer, change);
    }
    if (!last || !isLast(last)) await writeSession(writer);
  });
}

interface Writer extends PersistDeps {
  tx: AnyContext;
  /** Messages added by this transaction. */
  messages: number;
  session: Session | null;
}

function isLast({ kind }: Change): boolean {
  return kind === 'wait' || kind === 'finish' || kind === 'hand_back';
}

async function write(writer: Writer, change: Change): Promise<void> {
  switch (change.kind) {
    case 'open_message':
      return openMessage(writer, change);
    case 'close_message':
      return closeMessage(writer, change);
    case 'save_message':
      await setParts(writer, change.message);
      writer.messages += 1;
      await writer.tx.repositories.steps.finish(writer.turn.id, change.message.id, ended(writer, 'failed'));
      return insertCalls(writer, change.calls);
    case 'refinish_message':
      await setParts(writer, change.message);
      return emitMessage(writer, change.message);
    case 'start_calls':
      return startCalls(writer, change.calls);
    case 'results':
      return storeResults(writer, change);
    case 'wait':
      return wait(writer, change);
    case 'finish':
      return finish(writer, change);
    case 'hand_back':
      return handBack(writer);
  }
}

async function openMessage(
  writer: Writer,
  { message, reopened }: Extract<Change, { kind: 'open_message' }>,
): Promise<void> {
  const { messages } = writer.tx.repositories;
  if (reopened) await setParts(writer, message);
  else await messages.insert(message);
  if (reopened)
    await writer.tx.repositories.steps.finish(writer.turn.id, message.id, ended(writer, 'failed'));
  await writer.tx.repositories.steps.insert(
    newStep(writer, { kind: 'model', subjectId: message.id, effect: 'none' }),
  );
  await emitMessage(writer, message);
}

async function closeMessage(
  writer: Writer,
  { message, calls, usage }: Extract<Change, { kind: 'close_message' }>,
): Promise<void> {
  const { tx, turn } = writer;
  await setParts(writer, message);
  await tx.repositories.steps.finish(turn.id, message.id, ended(writer, 'done'));
  await emitMessage(writer, message);
  await insertCalls(writer, calls);
  const { promptTokens, completionTokens, cost, contextWindow } = usage;
  writer.messages += 1;
  writer.session = await tx.repositories.sessions.addUsage(
    turn.sessionId,
    { promptTokens, completionTokens, addCost: cost, contextWindow },
    tx.clock.now(),
  );
}

async function insertCalls(writer: Writer, calls: ToolCall[]): Promise<void> {
  if (calls.length === 0) return;
  await writer.tx.repositories.toolCalls.insertMany(calls);
  for (const call of calls) await emitCall(writer, call);
}

async function startCalls(
  writer: Writer,
  started: Extract<Change, { kind: 'start_calls' }>['calls'],
): Promise<void> {
  for (const { call, effect, journal } of started) {
    if (effect !== 'none') {
      const step = newStep(writer, {
        kind: 'tool',
        subjectId: call.id,
        effect,
        tool: call.name,
        input: journal,
      });
      // An earlier attempt at this call may have left its step open.
      await writer.tx.repositories.steps.finish(writer.turn.id, call.id, ended(writer, 'failed'));
      await writer.tx.repositories.steps.insert(step);
    }
    const now = writer.tx.clock.now();
    await updateCall(writer, call, { status: 'running', startedAt: now });
  }
}

async function storeResults(
  writer: Writer,
  { message, results }: Extract<Change, { kind: 'results' }>,
): Promise<void> {
  const { tx, turn } = writer;
  for (const outcome of results) {
    const { call, part, status, step } = outcome;
    await tx.repositories.steps.finish(turn.id, call.id, { ...ended(writer, step), output: part.content });
    await updateCall(writer, call, callChange(outcome, status, tx.clock.now()));
    await outcome.commit?.(tx);
  }
  await tx.repositories.messages.insert(message);
  writer.messages += 1;
  await emitMessage(writer, message);
}

function callChange({ part }: CallOutcome, status: CallOutcome['status'], now: number): ToolCallChange {
  return {
    status,
    result: part.content,
    isError: part.is_error,
    errorMessage: part.is_error ? part.content : null,
    finishedAt: now,
  };
}

async function wait(writer: Writer, { asks }: Extract<Change, { kind: 'wait' }>): Promise<void> {
  const { tx, turn, lease } = writer;
  await mustTransition(writer, 'waiting');
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
    await updateCall(writer, call, { status: 'awaiting_permission' });
    await emit(tx, { Type: 'permission_request', ...toPermissionRequestView(request) });
  }
  await emitSessionStatus(tx, turn.sessionId);
  await tx.repositories.turns.release(lease);
}

async function finish(
  writer: Writer,
  { outcome, interrupted }: Extract<Change, { kind: 'finish' }>,
): Promise<void> {
  const { tx, turn, lease } = writer;
  for (const id of interrupted) {
    await tx.repositories.steps.finish(turn.id, id, ended(writer, 'unknown'));
  }
  const done = await finishTurn(tx, turn.id, { ...outcome, from: ['running'] });
  if (!done) throw new DomainError('lease_lost', 'The turn is not running any more');
  await tx.repositories.turns.release(lease);
}

async function handBack(writer: Writer): Promise<void> {
  await mustTransition(writer, 'queued');
  await writer.tx.repositories.turns.release(writer.lease);
  writer.tx.notify('turn_queued', { sessionId: writer.turn.sessionId });
}

async function mustTransition({ tx, turn }: Writer, to: 'waiting' | 'queued'): Promise<void> {
  const moved = await tx.repositories.turns.transition(turn.id, ['running'], to, { now: tx.clock.now() });
  if (!moved) throw new DomainError('lease_lost', 'The turn is not running any more');
}

async function writeSession(writer: Writer): Promise<void> {
  const { tx, turn, messages } = writer;
  if (messages > 0) {
    writer.session = await tx.repositories.sessions.addMessages(turn.sessionId, messages, tx.clock.now());
    writer.messages = 0;
  }
  if (!writer.session) return;
  await emit(tx, { Type: 'session_update', session_id: turn.sessionId, ...toSessionView(writer.session) });
  writer.session = null;
}

async function setParts({ tx }: Writer, message: Message): Promise<void> {
  const { id, parts, appliedCursor, finishedAt, updatedAt } = message;
  await tx.repositories.messages.setParts(id, { parts, appliedCursor, finishedAt, now: updatedAt });
}

async function updateCall(writer: Writer, call: ToolCall, change: ToolCallChange): Promise<void> {
  const { tx } = writer;
  const updated = await tx.repositories.toolCalls.update(call.id, change, tx.clock.now());
  writer.stored(updated);
  await emitCall(writer, updated);
}

async function emitMessage({ tx, turn }: Writer, message: Message): Promise<void> {
  await emit(tx, { Type: 'message', session_id: turn.sessionId, ...toMessageView(message) });
}

async function emitCall({ tx }: Writer, call: ToolCall): Promise<void> {
  await emit(tx, { Type: 'tool_call_update', ...toToolCallView(call) });
}

function newStep(
  { tx, turn, lease, nextStepIndex }: Writer,
  step: Pick<Step, 'kind' | 'subjectId' | 'effect'> & { tool?: string; input?: string | null },
): Step {
  return {
    turnId: turn.id,
    index: nextStepIndex(),
    state: 'started',
    tool: null,
    input: null,
    ...step,
    output: null,
    token: lease.token,
    startedAt: tx.clock.now(),
    finishedAt: null,
  };
}

function ended({ tx }: Writer, state: 'done' | 'failed' | 'unknown') {
  return { state, output: null, now: tx.clock.now() };
}
