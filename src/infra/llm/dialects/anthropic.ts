import { ReportedError } from '../failure/failure.ts';
import { type Block, blockDelta, blockOf, startedInput } from './anthropic-blocks.ts';
import { ANTHROPIC_FIGURES, readUsage } from './figures.ts';
import { anthropicFinish } from './finish-reasons.ts';
import { indexOf, type Json, objectOf, objects, parseObjects, stringOf } from './json.ts';
import { type CreateNormalizer, SIDE_KEY } from './normalizer.ts';
import { reportedError } from './reported-error.ts';

const MESSAGE_EVENTS = new Set(['message', 'message_start', 'message_delta', 'message_stop']);
const BLOCK_EVENTS = new Set(['content_block_start', 'content_block_delta', 'content_block_stop']);

interface OpenBlock extends Block {
  index: number;
  /** Deltas of the kind that the block is made of came. */
  hasDeltas: boolean;
}

/**
 * Anthropic's messages. Event, block and delta types that came after this was written are skipped, as the protocol
 * asks of clients; blocks come out one after the other, each with a start, deltas and a stop.
 */
export const createAnthropicNormalizer: CreateNormalizer = (emit) => {
  const open = new Map<number, OpenBlock>();
  /** The figures come in several events; later ones win. */
  let figures: Json = {};
  let last = -1;
  let finish: string | null = null;
  let hasStarted = false;
  let hasEnded = false;
  let isDone = false;
  let isAnswer = false;
  let hasCalls = false;

  function begin(): void {
    if (hasStarted) return;
    hasStarted = true;
    emit({ type: 'message_start', message: { role: 'assistant', usage: { input_tokens: 0 } } });
  }

  function usage(source: unknown): void {
    const known = Object.entries(objectOf(source)).filter(([, value]) => value !== null);
    if (known.length === 0) return;
    figures = { ...figures, ...Object.fromEntries(known) };
    const read = readUsage(figures, ANTHROPIC_FIGURES);
    if (read) emit({ type: 'ping', [SIDE_KEY]: { usage: read } });
  }

  function start(index: number, source: Json): void {
    stop(index);
    const block = blockOf(source);
    if (!block) return;
    last = index;
    hasCalls ||= block.kind === 'tool_use';
    open.set(index, { ...block, index, hasDeltas: false });
    emit({ type: 'content_block_start', index, content_block: block.start });
    for (const piece of block.first) delta(index, piece);
  }

  function delta(index: number, source: Json): void {
    const clean = blockDelta(source);
    if (!clean) return;
    if (!open.has(index)) start(index, clean.startsWith);
    const block = open.get(index);
    if (!block || clean.startsWith.type !== block.kind) return;
    if (clean.isContent) block.hasDeltas = true;
    emit({ type: 'content_block_delta', index, delta: clean.delta });
  }

  function stop(index: number): void {
    const block = open.get(index);
    if (!block) return;
    const input = block.hasDeltas ? '' : startedInput(block);
    if (input !== '') delta(index, { type: 'input_json_delta', partial_json: input });
    open.delete(index);
    emit({ type: 'content_block_stop', index });
  }

  function whole(message: Json): void {
    usage(message.usage);
    for (const [index, block] of objects(message.content).entries()) {
      start(index, block);
      stop(index);
    }
    finish ??= anthropicFinish(message.stop_reason);
    isDone = true;
  }

  function blockEvent(type: string, source: Json): void {
    const index = indexOf(source.index) ?? (type === 'content_block_start' ? last + 1 : Math.max(0, last));
    if (type === 'content_block_start') start(index, objectOf(source.content_block));
    else if (type === 'content_block_delta') delta(index, objectOf(source.delta));
    else stop(index);
  }

  function chunk(source: Json, event: string): void {
    const type = stringOf(source.type) || event;
    const known = MESSAGE_EVENTS.has(type) || BLOCK_EVENTS.has(type);
    const error = reportedError(source, event, known || type === 'ping');
    if (error) throw new ReportedError(error);
    if (!known) return;
    isAnswer = true;
    begin();
    if (type === 'message') whole(source);
    else if (type === 'message_start') usage(objectOf(source.message).usage);
    else if (type === 'message_stop') isDone = true;
    else if (type === 'message_delta') {
      usage(source.usage);
      finish ??= anthropicFinish(objectOf(source.delta).stop_reason);
    } else blockEvent(type, source);
    if (finish === 'error') throw new ReportedError({ message: 'The provider broke its answer off.' });
  }

  return {
    payload(json, event) {
      for (const source of parseObjects(json)) chunk(source, event);
    },
    done() {
      isDone = true;
    },
    end() {
      if (hasEnded || !hasStarted) return;
      hasEnded = true;
      if (finish === null && !(isDone && last >= 0)) return;
      for (const index of [...open.keys()]) stop(index);
      const reason = finish ?? (hasCalls ? 'tool_use' : 'end_turn');
      emit({ type: 'message_delta', delta: { stop_reason: reason }, usage: { output_tokens: 0 } });
      emit({ type: 'message_stop' });
    },
    phase: () => (isDone ? 'done' : finish === null ? 'open' : 'finished'),
    isAnswer: () => isAnswer,
  };
};
