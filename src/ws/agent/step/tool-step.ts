import type { ToolResultPart } from '#domain/message/index.ts';
import type { ToolCall } from '#domain/toolcall/index.ts';
import { WorkspaceError } from '#domain/workspace/index.ts';
import { ABANDONED, withGrace } from '../coordinator/abort.ts';
import type { CallOutcome, OpenAsk } from '../persist/changes.ts';
import type { ToolScope } from '../ports.ts';
import { parseInput } from '../prompt/prompt-messages.ts';
import type { Prepared, Tool, ToolAsk, ToolPlan, ToolResult } from '../tools/tool.ts';
import type { TurnState } from '../turn/turn-state.ts';
import type { Decision } from './approval.ts';
import { boundObject, boundText } from './bounds.ts';
import { MAX_CONTENT_BYTES, MAX_IMAGE_BYTES, MAX_METADATA_BYTES } from './limits.ts';

export const MAX_PARALLEL = 5;
const ABORT_GRACE_MS = 2000;

export interface ToolStepHooks {
  scope(call: ToolCall): ToolScope;
  decide(call: ToolCall, ask: ToolAsk): Promise<Decision>;
  progress(call: ToolCall, tail: string): void;
  /** An exception that is no expected failure of a tool. */
  unexpected(call: ToolCall, error: unknown): void;
}

export type ReadyCall = { call: ToolCall } & (
  | { kind: 'plan'; plan: ToolPlan }
  | { kind: 'outcome'; outcome: CallOutcome }
  | { kind: 'ask'; ask: OpenAsk }
);

export const DENIED_RESULT = 'The user denied permission for this call.';
export const EXPIRED_RESULT =
  'Permission was not granted in time; the request timed out. The call was not run.';
export const INTERRUPTED_RESULT =
  'This call was interrupted because the server running it stopped. Its outcome is unknown: it may have happened, in part or as a whole. Check the state of things before repeating it.';
export const NOT_RUN_RESULT = 'Not run: the answer that contained this call was cut short.';

/** The calls to be handled next: one, or several neighbours that may run side by side. */
export function nextBatch(calls: readonly ToolCall[], tools: ReadonlyMap<string, Tool>): ToolCall[] {
  const isParallel = (call: ToolCall | undefined) => tools.get(call?.name ?? '')?.parallel ?? false;
  if (!isParallel(calls[0])) return calls.slice(0, 1);
  const end = calls.findIndex((call) => !isParallel(call));
  return calls.slice(0, end === -1 ? calls.length : end);
}

/** What has to happen for this call; no effect yet, and it may be asked again later. */
export async function prepareCall(
  call: ToolCall,
  { state, tools, hooks }: { state: TurnState; tools: ReadonlyMap<string, Tool>; hooks: ToolStepHooks },
): Promise<ReadyCall> {
  const refused = (content: string) => outcomeReady(call, { content, isError: true });
  const tool = tools.get(call.name);
  if (!tool) return refused(`There is no tool named ${call.name}`);
  const input = parseInput(call.input);
  if (!input) return refused('Invalid input: not a JSON object');
  try {
    const scope = hooks.scope(call);
    const step = state.interrupted.get(call.id);
    const prepared = step ? await resume(tool, input, scope, step) : await tool.prepare(input, scope);
    if (!prepared) return { call, kind: 'outcome', outcome: unknownOutcome(call) };
    if (prepared.kind === 'result') return outcomeReady(call, prepared.result, step !== undefined);
    const { ask } = prepared.plan;
    return ask ? await authorized(call, prepared.plan, await hooks.decide(call, ask)) : { call, ...prepared };
  } catch (error) {
    return refused(describeFailure(call, error, hooks));
  }
}

/** Null: nobody knows what the interrupted call has done. */
async function resume(
  tool: Tool,
  input: unknown,
  scope: ToolScope,
  step: { effect: ToolPlan['effect']; input: string | null },
): Promise<Prepared | null> {
  if (step.effect === 'none') return tool.prepare(input, scope);
  if (step.effect === 'unsafe' || !tool.recover || step.input === null) return null;
  return tool.recover(input, scope, step.input);
}

async function authorized(call: ToolCall, plan: ToolPlan, decision: Decision): Promise<ReadyCall> {
  switch (decision.kind) {
    case 'allowed':
      return { call, kind: 'plan', plan };
    case 'denied':
      return outcomeReady(call, { content: DENIED_RESULT, isError: true, stopTurn: true });
    case 'expired': {
      const outcome = outcomeOf(call, { content: EXPIRED_RESULT, isError: true });
      return { call, kind: 'outcome', outcome: { ...outcome, status: 'timeout' } };
    }
    case 'ask':
      return { call, kind: 'ask', ask: { call, request: decision.request, isNew: decision.isNew } };
  }
}

/** The outcomes of planned calls, in their order; null for one that was abandoned or cut off by the signal. */
export async function runPlans(
  planned: ReadonlyArray<{ call: ToolCall; plan: ToolPlan }>,
  { hooks, signal }: { hooks: ToolStepHooks; signal: AbortSignal },
): Promise<Array<CallOutcome | null>> {
  const outcomes: Array<CallOutcome | null> = planned.map(() => null);
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < planned.length && !signal.aborted; at = next++) {
      const item = planned[at];
      if (item) outcomes[at] = await runPlan(item, hooks, signal);
    }
  };
  await Promise.all(Array.from({ length: Math.min(MAX_PARALLEL, planned.length) }, worker));
  return outcomes;
}

async function runPlan(
  { call, plan }: { call: ToolCall; plan: ToolPlan },
  hooks: ToolStepHooks,
  signal: AbortSignal,
): Promise<CallOutcome | null> {
  const hasStep = plan.effect !== 'none';
  try {
    const control = { signal, progress: (tail: string) => hooks.progress(call, tail) };
    const result = await withGrace(plan.run(control), signal, ABORT_GRACE_MS);
    return result === ABANDONED || signal.aborted ? null : outcomeOf(call, result, hasStep);
  } catch (error) {
    if (signal.aborted) return null;
    return outcomeOf(call, { content: describeFailure(call, error, hooks), isError: true }, hasStep);
  }
}

function describeFailure(call: ToolCall, error: unknown, hooks: ToolStepHooks): string {
  if (error instanceof WorkspaceError) return error.message;
  if (error instanceof Error && error.name === 'TimeoutError') return `${call.name} took too long`;
  hooks.unexpected(call, error);
  // Its text may name what lies outside the workspace.
  return `${call.name} failed for an internal reason`;
}

function outcomeReady(call: ToolCall, result: ToolResult, hasStep = false): ReadyCall {
  return { call, kind: 'outcome', outcome: outcomeOf(call, result, hasStep) };
}

export function refusedOutcome(call: ToolCall): CallOutcome {
  return outcomeOf(call, { content: NOT_RUN_RESULT, isError: true });
}

export function unknownOutcome(call: ToolCall): CallOutcome {
  return { ...outcomeOf(call, { content: INTERRUPTED_RESULT, isError: true }), step: 'unknown' };
}

function outcomeOf(call: ToolCall, result: ToolResult, hasStep = false): CallOutcome {
  const isError = result.isError ?? false;
  const part: ToolResultPart = {
    type: 'tool_result',
    tool_call_id: call.id,
    name: call.name,
    content: boundText(result.content.replaceAll('\0', '\uFFFD'), MAX_CONTENT_BYTES),
    is_error: isError,
    ...(result.stopTurn ? { stop_turn: true } : {}),
    ...metadataOf(result),
    ...imageOf(result),
  };
  return {
    call,
    part,
    status: isError ? 'error' : 'completed',
    step: hasStep ? (isError ? 'failed' : 'done') : null,
    todos: result.todos,
    commit: result.commit,
    storedChars: result.storedChars,
  };
}

function metadataOf({ metadata = {} }: ToolResult): Pick<ToolResultPart, 'metadata'> {
  if (Object.keys(metadata).length === 0) return {};
  return { metadata: boundObject(metadata, MAX_METADATA_BYTES).json };
}

function imageOf({ image }: ToolResult): Pick<ToolResultPart, 'mime_type' | 'data'> {
  if (!image || image.data.byteLength > MAX_IMAGE_BYTES) return {};
  return { mime_type: image.mediaType, data: Buffer.from(image.data).toString('base64') };
}
