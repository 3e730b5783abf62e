import { ReportedError } from '../failure/failure.ts';
import { RESPONSES_FIGURES, readUsage } from './figures.ts';
import { idOf, indexOf, isObject, type Json, objectOf, objects, parseObjects, stringOf } from './json.ts';
import { type CreateNormalizer, SIDE_KEY } from './normalizer.ts';
import { reportedError } from './reported-error.ts';
import { type Item, itemOf } from './responses-items.ts';

const END_EVENTS = new Set(['response.completed', 'response.incomplete', 'response.failed', 'response.done']);
const TEXT_EVENTS = new Set(['response.output_text.delta', 'response.refusal.delta']);

/** OpenAI's Responses API: the events that we use; a whole response as well. */
export const createResponsesNormalizer: CreateNormalizer = (emit) => {
  /** Items by their place, as they were announced. */
  const items = new Map<number, Item>();
  const summaries = new Set<string>();
  let isDone = false;
  let hasStarted = false;

  function begin(): void {
    if (hasStarted) return;
    hasStarted = true;
    emit({ type: 'response.created', response: { id: 'resp', created_at: 0, model: '' } });
  }

  function free(): number {
    return Math.max(-1, ...items.keys()) + 1;
  }

  function added(index: number, source: Json): Item | null {
    const known = items.get(index);
    const item = itemOf(source, index, known);
    if (!item || known) return item;
    items.set(index, item);
    emit({
      type: 'response.output_item.added',
      output_index: index,
      item: { ...item.fields, ...item.initial },
    });
    return item;
  }

  function itemDone(index: number, source: Json): void {
    const item = added(index, source);
    const announced = items.get(index);
    if (!item || announced?.isClosed || announced?.kind !== item.kind) return;
    if (item.kind === 'message' && !announced.hasText) text(index, item.text);
    if (item.kind === 'reasoning' && !announced.hasText) {
      for (const [at, piece] of item.summary.entries()) summary(item.id, at, piece);
    }
    announced.isClosed = true;
    emit({ type: 'response.output_item.done', output_index: index, item: { ...item.fields, ...item.final } });
  }

  function text(index: number, delta: string): void {
    const item = items.get(index);
    if (delta === '' || !item) return;
    item.hasText = true;
    emit({ type: 'response.output_text.delta', item_id: item.id, delta });
  }

  function summary(givenId: string | null, at: number, delta: string): void {
    const all = [...items.values()].filter(({ kind, isClosed }) => kind === 'reasoning' && !isClosed);
    const known = givenId === null ? all.at(-1) : all.find(({ id }) => id === givenId);
    const isTaken = [...items.values()].some(({ id }) => id === givenId);
    const item = known ?? (isTaken ? null : added(free(), { type: 'reasoning', id: givenId }));
    if (!item) return;
    const key = `${item.id}:${at}`;
    if (!summaries.has(key)) {
      summaries.add(key);
      emit({ type: 'response.reasoning_summary_part.added', item_id: item.id, summary_index: at });
    }
    if (delta === '') return;
    item.hasText = true;
    emit({ type: 'response.reasoning_summary_text.delta', item_id: item.id, summary_index: at, delta });
  }

  function place(source: Json): number {
    const id = idOf(source.item_id);
    const known = [...items].find(([, item]) => item.id === id)?.[0];
    return known ?? indexOf(source.output_index) ?? Math.max(0, items.size - 1);
  }

  function conclude(type: string, response: Json): void {
    const usage = readUsage(response.usage, RESPONSES_FIGURES);
    if (usage) emit({ type: 'response.in_progress', [SIDE_KEY]: { usage } });
    const reason = stringOf(objectOf(response.incomplete_details).reason);
    const failed = type === 'response.failed' || response.status === 'failed';
    if (failed && reason === '')
      throw new ReportedError(response.error ?? { message: 'The response failed.' });
    emit({
      type: 'response.completed',
      response: { incomplete_details: reason === '' ? null : { reason } },
    });
    isDone = true;
  }

  function whole(response: Json): void {
    for (const [index, item] of objects(response.output).entries()) itemDone(index, item);
    conclude('response.completed', response);
  }

  function chunk(source: Json, event: string): void {
    const type = stringOf(source.type) || event;
    const isWhole = source.object === 'response';
    const isKnown = type.startsWith('response.') || isWhole;
    if (!isKnown || type === 'error') {
      const error = reportedError(source, event, false);
      if (error) throw new ReportedError(isObject(error.error) ? { ...error, ...error.error } : error);
      return;
    }
    begin();
    if (isWhole && !type.startsWith('response.')) whole(source);
    else if (END_EVENTS.has(type)) conclude(type, objectOf(source.response));
    else itemEvent(type, source);
  }

  function itemEvent(type: string, source: Json): void {
    const delta = stringOf(source.delta);
    if (TEXT_EVENTS.has(type)) {
      const index = place(source);
      if (!items.has(index)) added(index, { type: 'message', id: source.item_id });
      text(index, delta);
    } else if (type === 'response.output_item.added') {
      added(indexOf(source.output_index) ?? free(), objectOf(source.item));
    } else if (type === 'response.output_item.done') {
      itemDone(
        indexOf(source.output_index) ?? place({ item_id: objectOf(source.item).id }),
        objectOf(source.item),
      );
    } else if (type === 'response.function_call_arguments.delta') {
      const index = place(source);
      const item = items.get(index);
      if (item?.kind !== 'function_call' || delta === '') return;
      emit({ type, item_id: item.id, output_index: index, delta });
    } else if (type === 'response.reasoning_summary_part.added') {
      summary(idOf(source.item_id), indexOf(source.summary_index) ?? 0, '');
    } else if (type === 'response.reasoning_summary_text.delta') {
      summary(idOf(source.item_id), indexOf(source.summary_index) ?? 0, delta);
    }
  }

  return {
    payload(json, event) {
      for (const source of parseObjects(json)) chunk(source, event);
    },
    done() {
      if (!isDone && items.size > 0) conclude('response.completed', {});
      isDone = true;
    },
    end() {},
    phase: () => (isDone ? 'done' : 'open'),
    isAnswer: () => hasStarted,
  };
};
