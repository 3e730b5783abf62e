import type { AnyContext } from '#domain/create-context.ts';
import { DomainError } from '#domain/errors.ts';
import { emit } from '#domain/events/index.ts';
import { type Message, toMessageView } from '#domain/message/index.ts';
import { toPermissionRequestView } from '#domain/permission/index.ts';
import { type SessionUsage, toSessionView } from '#domain/session/index.ts';
import { type ToolCall, type ToolCallChange, toToolCallView } from '#domain/toolcall/index.ts';
import { emitSessionStatus, finishTurn, type Lease, type Step, type Turn } from '#domain/turn/index.ts';
import type { Change } from './changes.ts';

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
    const writer: Writer = { ...deps, tx, statements: [], messages: 0, usage: {} };
    for (const change of changes) {
      if (!isLast(change)) write(writer, change);
    }
    await settle(writer);
    const last = changes.at(-1);
    if (last && isLast(last)) await end(writer, last);
  });
}

interface Writer extends PersistDeps {
  tx: AnyContext;
  /** In order; a connection carries one statement at a time. */
  statements: Array<() => Promise<unknown>>;
  /** Messages that became part of the session by this transaction. */
  messages: number;
  usage: SessionUsage;
}

type LastChange = Extract<Change, { kind: 'wait' | 'finish' | 'hand_back' }>;

function isLast(change: Change): change is LastChange {
  return change.kind === 'wait' || change.kind === 'finish' || change.kind === 'hand_back';
}

function write(writer: Writer, change: Exclude<Change, LastChange>): void {
  switch (change.kind) {
    case 'open_message':
      openMessage(writer, change);
      break;
    case 'close_message':
      closeMessage(writer, change);
      break;
    case 'save_message':
      writer.messages += 1;
      setParts(writer, change.message);
      insertCalls(writer, change.calls);
      break;
    case 'refinish_message':
      setParts(writer, change.message);
      emitMessage(writer, change.message);
      break;
    case 'start_calls':
      startCalls(writer, change.calls);
      break;
    case 'results':
      storeResults(writer, change);
      break;
  }
}

async function end(writer: Writer, change: LastChange): Promise<void> {
  switch (change.kind) {
    case 'wait':
      return wait(writer, change);
    case 'finish':
      return finish(writer, change);
    case 'hand_back':
      return handBack(writer);
  }
}

async function settle(writer: Writer): Promise<void> {
  await execute(writer);
  const { tx, turn, messages, usage } = writer;
  if (messages === 0) return;
  const counted = { ...usage, addMessages: messages };
  const session = await tx.repositories.sessions.addUsage(turn.sessionId, counted, tx.clock.now());
  await emit(tx, { Type: 'session_update', session_id: turn.sessionId, ...toSessionView(session) });
}

async function execute({ statements }: Writer): Promise<void> {
  for (const statement of statements.splice(0)) await statement();
}

function openMessage(writer: Writer, { message, reopened }: Extract<Change, { kind: 'open_message' }>): void {
  if (reopened) setParts(writer, message);
  else writer.statements.push(() => writer.tx.repositories.messages.insert(message));
  emitMessage(writer, message);
}

function closeMessage(
  writer: Writer,
  { message, calls, usage, isSummary }: Extract<Change, { kind: 'close_message' }>,
): void {
  setParts(writer, message);
  emitMessage(writer, message);
  insertCalls(writer, calls);
  const { promptTokens, completionTokens, cost, contextWindow } = usage;
  writer.messages += 1;
  if (isSummary) {
    const { tx, turn } = writer;
    writer.statements.push(() =>
      tx.repositories.sessions.setSummaryMessage(turn.sessionId, message.id, tx.clock.now()),
    );
  }
  writer.usage = { promptTokens, completionTokens, addCost: cost, contextWindow };
}

function insertCalls(writer: Writer, calls: ToolCall[]): void {
  if (calls.length === 0) return;
  writer.statements.push(() => writer.tx.repositories.toolCalls.insertMany(calls));
  for (const call of calls) emitCall(writer, call);
}

function startCalls(writer: Writer, started: Extract<Change, { kind: 'start_calls' }>['calls']): void {
  for (const { call, effect, journal, isRepeated } of started) {
    if (isRepeated) finishStep(writer, call.id, 'failed');
    if (effect !== 'none') {
      startStep(writer, { subjectId: call.id, effect, tool: call.name, input: journal });
    }
    updateCall(writer, call, { status: 'running', startedAt: writer.tx.clock.now() });
  }
}

function storeResults(writer: Writer, { message, results }: Extract<Change, { kind: 'results' }>): void {
  const { tx } = writer;
  for (const { call, part, status, step, commit } of results) {
    if (step) finishStep(writer, call.id, step, part.content);
    updateCall(writer, call, {
      status,
      result: part.content,
      isError: part.is_error,
      errorMessage: part.is_error ? part.content : null,
      finishedAt: tx.clock.now(),
    });
    if (commit) writer.statements.push(() => commit(tx));
  }
  writer.messages += 1;
  writer.statements.push(() => tx.repositories.messages.insert(message));
  emitMessage(writer, message);
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
    updateCall(writer, call, { status: 'awaiting_permission' });
    await emit(tx, { Type: 'permission_request', ...toPermissionRequestView(request) });
  }
  await execute(writer);
  await emitSessionStatus(tx, turn.sessionId);
  await tx.repositories.turns.release(lease);
}

async function finish(
  writer: Writer,
  { outcome, interrupted }: Extract<Change, { kind: 'finish' }>,
): Promise<void> {
  const { tx, turn, lease } = writer;
  for (const id of interrupted) finishStep(writer, id, 'unknown');
  await execute(writer);
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

function setParts({ tx, statements }: Writer, message: Message): void {
  const { id, parts, appliedCursor, finishedAt, updatedAt } = message;
  statements.push(() =>
    tx.repositories.messages.setParts(id, { parts, appliedCursor, finishedAt, now: updatedAt }),
  );
}

function updateCall(writer: Writer, call: ToolCall, change: ToolCallChange): void {
  const { tx, statements } = writer;
  const now = tx.clock.now();
  const updated = { ...call, ...change, updatedAt: now };
  statements.push(() => tx.repositories.toolCalls.update(call.id, change, now));
  writer.stored(updated);
  emitCall(writer, updated);
}

function emitMessage({ tx, turn, statements }: Writer, message: Message): void {
  statements.push(() => emit(tx, { Type: 'message', session_id: turn.sessionId, ...toMessageView(message) }));
}

function emitCall({ tx, statements }: Writer, call: ToolCall): void {
  statements.push(() => emit(tx, { Type: 'tool_call_update', ...toToolCallView(call) }));
}

function startStep(
  { tx, turn, lease, nextStepIndex, statements }: Writer,
  step: Pick<Step, 'subjectId' | 'effect' | 'tool' | 'input'>,
): void {
  const started: Step = {
    turnId: turn.id,
    index: nextStepIndex(),
    kind: 'tool',
    state: 'started',
    ...step,
    output: null,
    token: lease.token,
    startedAt: tx.clock.now(),
    finishedAt: null,
  };
  statements.push(() => tx.repositories.steps.insert(started));
}

function finishStep(
  { tx, turn, statements }: Writer,
  subjectId: string,
  state: 'done' | 'failed' | 'unknown',
  output: string | null = null,
): void {
  statements.push(() =>
    tx.repositories.steps.finish(turn.id, subjectId, { state, output, now: tx.clock.now() }),
  );
}
