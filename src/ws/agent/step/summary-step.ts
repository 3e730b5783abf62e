import type { Message } from '#domain/message/index.ts';
import { estimateMessages } from '../turn/context-size.ts';
import type { LoopEnd, Run } from '../turn/loop-ports.ts';
import { remember, type SummaryCause } from '../turn/turn-state.ts';
import {
  callModel,
  countWithdrawn,
  cursorText,
  endCutCall,
  endFailedCall,
  type ModelCall,
  openMessage,
} from './model-call.ts';
import { stepUsage } from './usage.ts';

/** A request for a summary that is too long is repeated with half of the history, so often. */
const MAX_ELISIONS = 6;

/** Puts a summary in the place of the history so far. `reopen`: an unfinished message that becomes the summary. */
export async function summaryStep(
  run: Run,
  reopen: Message | null,
  cause: SummaryCause,
): Promise<LoopEnd | null> {
  let message = await openMessage(run, { reopen, isSummary: true });
  for (let elision = cause === 'overflow' ? 1 : 0; ; elision++) {
    const call = await callModel(run, message, { kind: 'summary', elision });
    if (call.isCut) return endCutCall(run, call);
    if (call.step.error?.code === 'context_overflow' && elision < MAX_ELISIONS) {
      countWithdrawn(run, call);
      message = await openMessage(run, { reopen: message, isSummary: true });
      continue;
    }
    const isUsable = call.step.stopReason !== 'error' && textParts(call).length > 0;
    if (!isUsable && cause !== 'full') return endFailedCall(run, call, sentenceFor(run, call));
    await closeSummary(run, call, isUsable);
    return null;
  }
}

function sentenceFor({ selection }: Run, { step }: ModelCall): string | undefined {
  if (step.error?.code === 'context_overflow') {
    return `The conversation could not be shortened enough for ${selection.model.name}. Choose a model with a larger context.`;
  }
  return step.error ? undefined : 'The model wrote no summary';
}

function textParts({ assembler }: ModelCall): Message['parts'] {
  return assembler.parts().filter(({ type }) => type === 'text');
}

async function closeSummary(run: Run, call: ModelCall, isUsable: boolean): Promise<void> {
  const { state, hooks, now, selection } = run;
  const { message, step } = call;
  const reason = isUsable ? 'end_turn' : 'error';
  hooks.delta(message, { delta_type: 'finish', content: '', finish_reason: reason });
  const time = now();
  const told = step.error ? { message: step.error.message } : {};
  const closed: Message = {
    ...message,
    parts: [...textParts(call), { type: 'finish', reason, time, ...told }],
    finishedAt: time,
    updatedAt: time,
    appliedCursor: cursorText(await hooks.positionAtLeast()),
  };
  remember(state, closed);
  // The next call sends the summary's text; what the model thought about it is gone.
  const size = { promptTokens: 0, completionTokens: estimateMessages([closed]) };
  const usage = { ...stepUsage(step, selection.model), ...size };
  run.pending.push({ kind: 'close_message', message: closed, calls: [], usage, isSummary: isUsable });
  if (isUsable) state.summaryId = message.id;
}
