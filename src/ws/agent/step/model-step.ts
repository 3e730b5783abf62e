import { type Message, sizeOfParts } from '#domain/message/index.ts';
import type { Usage } from '#domain/provider/index.ts';
import { estimateMessages } from '../turn/context-size.ts';
import type { LoopEnd, Run } from '../turn/loop-ports.ts';
import { countStored, remember } from '../turn/turn-state.ts';
import {
  callModel,
  countWithdrawn,
  cursorText,
  endCutCall,
  endFailedCall,
  finishedParts,
  type ModelCall,
  newCalls,
  openMessage,
} from './model-call.ts';
import { finishReasonOf } from './step-stream.ts';
import { summaryStep } from './summary-step.ts';
import { stepUsage } from './usage.ts';

export async function modelStep(run: Run, reopen: Message | null): Promise<LoopEnd | null> {
  const message = await openMessage(run, { reopen, isSummary: false });
  const call = await callModel(run, message, { kind: 'step' });
  const { step, isCut } = call;
  if (isCut) return endCutCall(run, call);
  if (step.error?.code === 'context_overflow') return shrink(run, call);
  if (step.error || step.stopReason === 'error') return endFailedCall(run, call);
  await closeModelStep(run, call);
  return null;
}

/** The history gives way to a summary, which is written into the message that stays empty otherwise. */
async function shrink(run: Run, call: ModelCall): Promise<LoopEnd | null> {
  const refusal = tooLongFor(run);
  if (refusal !== null) return endFailedCall(run, call, refusal);
  countWithdrawn(run, call);
  return summaryStep(run, call.message, 'overflow');
}

/** What no summary can mend, as a sentence for the user; else null. */
function tooLongFor({ state, selection }: Run): string | null {
  const { name, contextWindow } = selection.model;
  const { prompt, summaryId, history, turn } = state;
  const room = contextWindow === 0 ? '' : ` (${contextWindow} tokens)`;
  const promptTokens = prompt ? estimateMessages([prompt]) : 0;
  const summaryAt = history.findIndex(({ id }) => id === summaryId);
  const others = history.slice(summaryAt + 1).filter(({ id, finishedAt, isSummary }) => {
    return finishedAt !== null && !isSummary && id !== prompt?.id;
  });
  const isAlone = others.length === 0 && history[summaryAt]?.turnNumber !== turn.number;
  if (isAlone || (contextWindow > 0 && promptTokens >= contextWindow)) {
    return `This message is too long for the context of ${name}${room}: it has about ${promptTokens} tokens. Shorten it, or put the text into a file of the workspace.`;
  }
  if (others.length > 0) return null;
  return `The request does not fit into the context of ${name}${room}, although the conversation has been summarized. Shorten the message, or choose a model with a larger context.`;
}

async function closeModelStep(run: Run, { message, assembler, step }: ModelCall): Promise<void> {
  const { state, hooks, now, selection } = run;
  const calls = newCalls(run, message, assembler);
  const reason = finishReasonOf(step.stopReason, calls.length > 0);
  hooks.delta(message, { delta_type: 'finish', content: '', finish_reason: reason });
  const time = now();
  const closed: Message = {
    ...message,
    parts: [
      ...finishedParts(assembler),
      {
        type: 'finish',
        reason,
        time,
        ...(step.cut === undefined ? { context_tokens: measured(step.usage) } : { message: step.cut }),
      },
    ],
    finishedAt: time,
    updatedAt: time,
    appliedCursor: cursorText(await hooks.positionAtLeast()),
  };
  remember(state, closed);
  countStored(state, sizeOfParts(closed.parts));
  for (const call of calls) state.calls.set(call.id, call);
  const usage = stepUsage(step, selection.model);
  run.pending.push({ kind: 'close_message', message: closed, calls, usage, isSummary: false });
}

/** What the next call sends again, wherever the provider's cache has it. */
function measured({ inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens }: Usage): number {
  return inputTokens + outputTokens + cacheReadTokens + cacheWriteTokens;
}
