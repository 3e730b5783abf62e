import type { LanguageModelV3, LanguageModelV3StreamPart } from '@ai-sdk/provider';
import type { ModelPart, ModelRequest, StopReason, Usage } from '#domain/provider/index.ts';
import { describeFailure, type Failure, TRUNCATED } from '../failure.ts';
import type { ProviderAdapter } from '../providers/adapter.ts';
import { createPartMapper, type PartMapper, toStopReason } from './part-mapper.ts';
import { estimateUsage, toUsage } from './usage.ts';

export interface AttemptDeps {
  adapter: ProviderAdapter;
  model: LanguageModelV3;
  headers: Record<string, string>;
  now(): number;
}

export type AttemptEnd =
  | { type: 'ended'; stopReason: StopReason; usage: Usage }
  | { type: 'cancelled'; usage: Usage }
  | { type: 'failed'; failure: Failure; usage: Usage };

type Reader = ReadableStreamDefaultReader<LanguageModelV3StreamPart>;

/** One HTTP call. Yields its parts and returns how it ended; throws nothing. Leaving it early cancels the call. */
export async function* runAttempt(
  deps: AttemptDeps,
  request: ModelRequest,
  signal: AbortSignal,
): AsyncGenerator<ModelPart, AttemptEnd> {
  const mapper = createPartMapper();
  const call = openCall(signal);
  let thrown: unknown;
  try {
    const reader = await call.open(deps, request);
    while (reader) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) break;
      const mapped = mapper.map(value);
      if (Array.isArray(mapped)) yield* mapped;
      else if (mapped) yield mapped;
      if (mapper.error() !== undefined) break;
    }
  } catch (error) {
    thrown = error;
  } finally {
    call.close();
  }
  return conclude({ deps, request, mapper, thrown, cancelled: signal.aborted });
}

interface Call {
  /** Null when the signal came first. */
  open(deps: AttemptDeps, request: ModelRequest): Promise<Reader | null>;
  close(): void;
}

/** Ties the HTTP request and the reader to the signal, so that an abort does not wait for the provider. */
function openCall(signal: AbortSignal): Call {
  const abort = new AbortController();
  let reader: Reader | null = null;
  let giveUp: (value: null) => void = () => {};
  const cancelled = new Promise<null>((resolve) => {
    giveUp = resolve;
  });
  const onAbort = (): void => {
    giveUp(null);
    abort.abort();
    reader?.cancel().catch(() => {});
  };
  signal.addEventListener('abort', onAbort, { once: true });
  return {
    async open({ adapter, model, headers }, request) {
      if (signal.aborted) return null;
      const options = { ...adapter.callOptions(request), headers, abortSignal: abort.signal };
      const opening = Promise.resolve(model.doStream(options)).then(({ stream }) => stream.getReader());
      opening.catch(() => {});
      reader = await Promise.race([opening, cancelled]);
      return reader;
    },
    close() {
      signal.removeEventListener('abort', onAbort);
      abort.abort();
      reader?.cancel().catch(() => {});
    },
  };
}

interface Facts {
  deps: AttemptDeps;
  request: ModelRequest;
  mapper: PartMapper;
  thrown: unknown;
  cancelled: boolean;
}

function conclude({ deps, request, mapper, thrown, cancelled }: Facts): AttemptEnd {
  const finish = mapper.finish();
  const usage = toUsage(finish?.usage) ?? estimateUsage(request, mapper.outputCharacters());
  if (cancelled) return { type: 'cancelled', usage };
  const error = thrown ?? mapper.error();
  if (error !== undefined) {
    return { type: 'failed', failure: describeFailure(error, request.selection.apiKey, deps.now()), usage };
  }
  const neverFinished = !finish || (finish.reason.unified === 'other' && finish.reason.raw === undefined);
  if (neverFinished || finish.reason.unified === 'error')
    return { type: 'failed', failure: TRUNCATED, usage };
  return { type: 'ended', stopReason: toStopReason(finish.reason, mapper.toolCalls()), usage };
}
