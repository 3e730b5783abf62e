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
    const writer: Writer = { ...deps, tx, writes: noWrites(), messages: 0, usage: {} };
    for (const change of changes) {
      if (!isLast(change)) write(writer, change);
    }
    const last = changes.at(-1);
    if (last?.kind === 'finish' && last.outcome.status === 'succeeded') return succeed(writer, last);
    await execute(writer, () => countMessages(writer));
    if (last && isLast(last)) await end(writer, last);
  });
}

/** Rows that are not written yet: none of them depends on another, and each is written once. */
interface Writes {
  messages: Message[];
  parts: Map<string, Message>;
  calls: Map<string, ToolCall>;
  statements: Array<() => Promise<unknown>>;
  /** In order: events, and what tools commit. */
  events: Array<() => Promise<unknown>>;
}

function noWrites(): Writes {
  return { messages: [], parts: new Map(), calls: new Map(), statements: [], events: [] };
}

interface Writer extends PersistDeps {
  tx: AnyContext;
  writes: Writes;
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
    case 'count_usage':
      count(writer, change.usage);
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

/** All at once: the connection carries them in one round trip. `last` is sent behind what the events write. */
async function execute(writer: Writer, last?: () => Promise<void>): Promise<void> {
  const { messages, parts, calls, statements, events } = writer.writes;
  const repositories = writer.tx.repositories;
  writer.writes = noWrites();
  const written = Promise.all([
    ...[...parts.values()].map((message) => storeParts(writer, message)),
    repositories.messages.insertMany(messages),
    repositories.toolCalls.insertMany([...calls.values()]),
    ...statements.map((statement) => statement()),
  ]);
  written.catch(() => {});
  try {
    for (const event of events) await event();
  } catch (error) {
    // A statement before it may be what broke the transaction.
    await written;
    throw error;
  }
  await Promise.all([written, last?.()]);
}

async function countMessages({ tx, turn, messages, usage }: Writer): Promise<void> {
  if (messages === 0 && Object.keys(usage).length === 0) return;
  const counted = { ...usage, addMessages: messages };
  const session = await tx.repositories.sessions.addUsage(turn.sessionId, counted, tx.clock.now());
  await emit(tx, { Type: 'session_update', session_id: turn.sessionId, ...toSessionView(session) });
}

function openMessage(writer: Writer, { message, reopened }: Extract<Change, { kind: 'open_message' }>): void {
  if (reopened) setParts(writer, message);
  else writer.writes.messages.push(message);
  emitMessage(writer, message);
}

function closeMessage(
  writer: Writer,
  { message, calls, usage, isSummary }: Extract<Change, { kind: 'close_message' }>,
): void {
  setParts(writer, message);
  emitMessage(writer, message);
  insertCalls(writer, calls);
  const { cost, ...size } = usage;
  writer.messages += 1;
  count(writer, { ...size, addCost: cost, ...(isSummary && { summaryMessageId: message.id }) });
}

/** Costs add up, the rest is what came last. */
function count(writer: Writer, usage: SessionUsage): void {
  const addCost = (writer.usage.addCost ?? 0) + (usage.addCost ?? 0);
  writer.usage = { ...writer.usage, ...usage, addCost };
}

function insertCalls(writer: Writer, calls: ToolCall[]): void {
  for (const call of calls) {
    writer.writes.calls.set(call.id, call);
    emitCall(writer, call);
  }
}

function startCalls(writer: Writer, started: Extract<Change, { kind: 'start_calls' }>['calls']): void {
  for (const { call, effect, journal, isRepeated } of started) {
    const started =
      effect === 'none'
        ? null
        : newStep(writer, { subjectId: call.id, effect, tool: call.name, input: journal });
    writer.writes.statements.push(async () => {
      if (isRepeated) await finishStep(writer, call.id, 'failed');
      if (started) await writer.tx.repositories.steps.insert(started);
    });
    updateCall(writer, call, { status: 'running', startedAt: writer.tx.clock.now() });
  }
}

function storeResults(writer: Writer, { message, results }: Extract<Change, { kind: 'results' }>): void {
  const { tx } = writer;
  for (const { call, part, status, step, commit } of results) {
    if (step) writer.writes.statements.push(() => finishStep(writer, call.id, step, part.content));
    updateCall(writer, call, {
      status,
      result: part.content,
      isError: part.is_error,
      errorMessage: part.is_error ? part.content : null,
      finishedAt: tx.clock.now(),
    });
    if (commit) writer.writes.events.push(() => commit(tx));
  }
  writer.messages += 1;
  writer.writes.messages.push(message);
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

type Finish = Extract<Change, { kind: 'finish' }>;

async function finish(writer: Writer, { outcome, interrupted }: Finish): Promise<void> {
  const { tx, turn, lease } = writer;
  for (const id of interrupted) writer.writes.statements.push(() => finishStep(writer, id, 'unknown'));
  await execute(writer);
  mustBeDone(await finishTurn(tx, turn, { ...outcome, from: ['running'] }));
  await tx.repositories.turns.release(lease);
}

/**
 * A success closes nothing in the history, so that it travels with the writes before it. The session's row is
 * locked before the turn's, as a new prompt does it.
 */
async function succeed(writer: Writer, { outcome }: Finish): Promise<void> {
  const { tx, turn, lease } = writer;
  await execute(writer, async () => {
    const counted = countMessages(writer);
    const finished = finishTurn(tx, turn, { ...outcome, from: ['running'] }, counted);
    const [done] = await Promise.all([finished, counted, tx.repositories.turns.release(lease)]);
    mustBeDone(done);
  });
}

function mustBeDone(turn: Turn | null): void {
  if (!turn) throw new DomainError('lease_lost', 'The turn is not running any more');
}

async function handBack(writer: Writer): Promise<void> {
  await mustTransition(writer, 'queued');
  await writer.tx.repositories.turns.release(writer.lease);
  writer.tx.notify('turn_queued', { sessionId: writer.turn.sessionId });
}

async function mustTransition({ tx, turn }: Writer, to: 'waiting' | 'queued'): Promise<void> {
  mustBeDone(await tx.repositories.turns.transition(turn.id, ['running'], to, { now: tx.clock.now() }));
}

function setParts({ writes }: Writer, message: Message): void {
  writes.parts.set(message.id, message);
}

function storeParts({ tx }: Writer, message: Message): Promise<unknown> {
  const { id, parts, appliedCursor, finishedAt, isSummary, updatedAt } = message;
  return tx.repositories.messages.setParts(id, {
    parts,
    appliedCursor,
    finishedAt,
    isSummary,
    now: updatedAt,
  });
}

function updateCall(writer: Writer, call: ToolCall, change: ToolCallChange): void {
  const { tx, writes } = writer;
  const now = tx.clock.now();
  const updated = { ...call, ...change, updatedAt: now };
  if (writes.calls.has(call.id)) writes.calls.set(call.id, updated);
  else writes.statements.push(() => tx.repositories.toolCalls.update(call.id, change, now));
  writer.stored(updated);
  emitCall(writer, updated);
}

function emitMessage({ tx, turn, writes }: Writer, message: Message): void {
  writes.events.push(() =>
    emit(tx, { Type: 'message', session_id: turn.sessionId, ...toMessageView(message) }),
  );
}

function emitCall({ tx, writes }: Writer, call: ToolCall): void {
  writes.events.push(() => emit(tx, { Type: 'tool_call_update', ...toToolCallView(call) }));
}

function newStep(
  { tx, turn, lease, nextStepIndex }: Writer,
  step: Pick<Step, 'subjectId' | 'effect' | 'tool' | 'input'>,
): Step {
  return {
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
}

function finishStep(
  { tx, turn }: Writer,
  subjectId: string,
  state: 'done' | 'failed' | 'unknown',
  output: string | null = null,
): Promise<void> {
  return tx.repositories.steps.finish(turn.id, subjectId, { state, output, now: tx.clock.now() });
}
