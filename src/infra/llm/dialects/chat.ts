import { randomUUID } from 'node:crypto';
import { ReportedError } from '../failure/failure.ts';
import { type CallPiece, createCallTracker } from './chat-calls.ts';
import { type Segment, segmentsOf } from './chat-content.ts';
import { CHAT_FIGURES, readUsage } from './figures.ts';
import { chatFinish } from './finish-reasons.ts';
import { isObject, type Json, objectOf, objects, parseObjects } from './json.ts';
import { type CreateNormalizer, SIDE_KEY, type SideFacts } from './normalizer.ts';
import { reportedError } from './reported-error.ts';

/** Chat completions, as OpenAI and everybody else who says so streams them; a whole completion as well. */
export const createChatNormalizer: CreateNormalizer = (emit) => {
  let finish: string | null = null;
  let hasEnded = false;
  let isDone = false;
  let isAnswer = false;
  let hasContent = false;
  const calls = createCallTracker(sendCall, () => `call_${randomUUID().replaceAll('-', '').slice(0, 24)}`);

  function send(delta: object, finishReason: string | null = null, facts?: SideFacts): void {
    const side = facts ? { [SIDE_KEY]: facts } : {};
    emit({ choices: [{ index: 0, delta, finish_reason: finishReason }], ...side });
  }

  function sendCall({ index, id, name, text }: CallPiece): void {
    const start = id === undefined ? {} : { id, type: 'function' };
    send({ tool_calls: [{ index, ...start, function: { name, arguments: text } }] });
  }

  function segment({ kind, text }: Segment): void {
    if (text === '') return;
    hasContent = true;
    send(kind === 'reasoning' ? { reasoning_content: text } : { [kind]: text });
  }

  function delta(source: Json): void {
    const details = objects(source.reasoning_details);
    if (details.length > 0) send({}, null, { reasoningDetails: details });
    for (const item of segmentsOf(source, details)) segment(item);
    for (const call of objects(source.tool_calls)) calls.add(call);
    if (isObject(source.function_call)) calls.add({ index: 0, function: source.function_call });
  }

  function chunk(source: Json, event: string): void {
    const choices = objects(source.choices);
    const choice = choices.find(({ index }) => index === 0) ?? choices[0];
    const hasAnswer = choice !== undefined || 'choices' in source || isObject(source.usage);
    const error = reportedError(source, event, hasAnswer);
    const usage = usageOf(source, choice);
    if (usage) emit({ choices: [], [SIDE_KEY]: { usage } });
    if (error && !choice) throw new ReportedError(error);
    isAnswer ||= hasAnswer;
    if (choice) {
      if (typeof choice.text === 'string') delta({ content: choice.text });
      delta(objectOf(choice.delta ?? choice.message));
      finish ??= chatFinish(choice.finish_reason);
    }
    if (error) throw new ReportedError(error);
    if (finish === 'error') throw new ReportedError(choice?.error ?? { message: BROKEN_OFF });
  }

  return {
    payload(json, event) {
      for (const source of parseObjects(json)) chunk(source, event);
    },
    done() {
      isDone = true;
    },
    end() {
      if (hasEnded) return;
      hasEnded = true;
      // An end without a reason is one if the provider said that this is all.
      const isWhole = isDone && (hasContent || calls.count() > 0);
      if (finish === null && !isWhole) return;
      calls.flush();
      const extras = calls.extras();
      const facts = Object.keys(extras).length > 0 ? { callExtras: extras } : undefined;
      send({}, finish ?? (calls.count() > 0 ? 'tool_calls' : 'stop'), facts);
    },
    phase: () => (isDone ? 'done' : finish === null ? 'open' : 'finished'),
    isAnswer: () => isAnswer,
  };
};

const BROKEN_OFF = 'The provider broke its answer off.';

/** Some put the figures into the choice, some into a field of their own. */
function usageOf(source: Json, choice: Json | undefined): SideFacts['usage'] {
  const places = [source.usage, choice?.usage, objectOf(source.x_groq).usage];
  for (const place of places) {
    const usage = readUsage(place, CHAT_FIGURES);
    if (usage) return usage;
  }
  return undefined;
}
