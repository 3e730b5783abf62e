import { within } from '#shared/async/within.ts';
import type { AnswerNormalizer, CreateNormalizer } from '../dialects/normalizer.ts';
import { ModelFailure, notAnAnswer } from '../failure/failure.ts';
import { MAX_STREAM_BYTES } from '../limits.ts';
import type { FetchResponse } from './guarded-fetch.ts';
import { createSseReader, DONE, type SsePayload } from './sse.ts';
import type { StallGuard } from './stall-guard.ts';

/** After the reason of the end only figures may follow, which a provider sends at once or not at all. */
const FIGURES_GRACE_MS = 2_000;
/** How long a finished answer's connection may take to end, so that it can be used again. */
const DRAIN_MS = 1_000;

export interface BodyOwner {
  guard: StallGuard;
  abort: AbortController;
  release(): void;
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

export function bodyReader({ body }: FetchResponse): Reader {
  return (body ?? new ReadableStream<Uint8Array>({ start: (controller) => controller.close() })).getReader();
}

/**
 * The body of a success as a clean event stream. It ends with the answer, whatever the connection does then; what
 * breaks after the end of an answer takes nothing away from it.
 */
export function answerBody(
  response: FetchResponse,
  create: CreateNormalizer,
  owner: BodyOwner,
): ReadableStream<Uint8Array> {
  const reader = bodyReader(response);
  const answer = createAnswerText(create);
  let size = 0;
  let failure: unknown = null;

  async function read(): Promise<Uint8Array | null> {
    const isFinished = answer.phase() === 'finished';
    try {
      const next = owner.guard.watch(reader.read());
      const result = isFinished ? await within(next, FIGURES_GRACE_MS, () => null) : await next;
      const value = result?.value;
      if (!value) return null;
      size += value.byteLength;
      if (size > MAX_STREAM_BYTES)
        throw new ModelFailure('protocol', 'The answer of the provider is too long.');
      return value;
    } catch (error) {
      if (isFinished) return null;
      throw error;
    }
  }

  /** The next clean text; null at the end. */
  async function next(): Promise<string | null> {
    while (failure === null && answer.phase() !== 'done') {
      const bytes = await read();
      if (!bytes) break;
      failure = answer.push(bytes);
      const text = answer.take();
      if (text !== '') return text;
    }
    if (failure !== null) throw failure;
    return answer.hasEnded() ? null : answer.end(size);
  }

  function close(): void {
    owner.release();
    void drain(reader, owner.abort);
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const text = await next();
          if (text === null) {
            close();
            controller.close();
          } else controller.enqueue(new TextEncoder().encode(text));
        } catch (error) {
          owner.release();
          owner.abort.abort(error);
          controller.error(error);
        }
      },
      cancel(reason) {
        owner.release();
        owner.abort.abort(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

interface AnswerText {
  /** Null, or what broke; what was clean before that can still be taken. */
  push(bytes: Uint8Array): unknown;
  take(): string;
  phase(): ReturnType<AnswerNormalizer['phase']>;
  hasEnded(): boolean;
  end(size: number): string;
}

function createAnswerText(create: CreateNormalizer): AnswerText {
  const decoder = new TextDecoder();
  const sse = createSseReader();
  let text = '';
  let hasEnded = false;
  const normalizer = create((payload) => {
    text += `data: ${JSON.stringify(payload)}\n\n`;
  });

  function feed(payloads: SsePayload[]): void {
    for (const { data, event } of payloads) {
      if (normalizer.phase() === 'done') return;
      if (data === DONE) normalizer.done();
      else normalizer.payload(data, event);
    }
  }

  function take(): string {
    const taken = text;
    text = '';
    return taken;
  }

  return {
    push(bytes) {
      try {
        feed(sse.push(decoder.decode(bytes, { stream: true })));
        return null;
      } catch (error) {
        return error;
      }
    },
    take,
    phase: () => normalizer.phase(),
    hasEnded: () => hasEnded,
    end(size) {
      hasEnded = true;
      feed(sse.flush());
      if (!normalizer.isAnswer()) throw size > 0 && normalizer.phase() !== 'done' ? notAnAnswer() : empty();
      normalizer.end();
      return take();
    },
  };
}

function empty(): ModelFailure {
  return new ModelFailure('unavailable', 'The provider sent an empty answer.', { retryable: true });
}

async function drain(reader: Reader, abort: AbortController): Promise<void> {
  const rest = async (): Promise<void> => {
    for (let left = 64; left > 0; left -= 1) if ((await reader.read()).done) return;
    throw new Error('more follows');
  };
  await within(rest(), DRAIN_MS, () => abort.abort()).catch(() => abort.abort());
}
