import type { LanguageModelV3, LanguageModelV3StreamPart } from '@ai-sdk/provider';
import type { ModelPart, ModelRequest, StopReason, Usage } from '#domain/provider/index.ts';
import { describeFailure } from '../failure/describe-failure.ts';
import { type Failure, TRUNCATED } from '../failure/failure.ts';
import type { ProviderAdapter, RequestAdjustments } from '../providers/adapter.ts';
import { createPartMapper, type PartMapper, toStopReason } from './part-mapper.ts';
import { estimateUsage, NO_USAGE } from './usage.ts';

export interface AttemptDeps {
  adapter: ProviderAdapter;
  model: LanguageModelV3;
  headers: Record<string, string>;
  adjustments: RequestAdjustments;
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
  const tools = new Set(request.tools.map(({ name }) => name));
  const mapper = createPartMapper({ tools, thinkTags: deps.adapter.thinkTags(request.selection) });
  const call = openCall(signal);
  let thrown: unknown;
  try {
    const reader = await call.open(deps, request);
    while (reader) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) break;
      yield* mapper.map(value);
      if (mapper.error() !== undefined) break;
    }
  } catch (error) {
    thrown = error;
  } finally {
    call.close();
  }
  return conclude({ deps, request, mapper, thrown, cancelled: signal.aborted, wasSent: call.wasSent() });
}

interface Call {
  /** Null when the signal came first. */
  open(deps: AttemptDeps, request: ModelRequest): Promise<Reader | null>;
  wasSent(): boolean;
  close(): void;
}

/** Ties the HTTP request and the reader to the signal, so that an abort does not wait for the provider. */
function openCall(signal: AbortSignal): Call {
  const abort = new AbortController();
  let reader: Reader | null = null;
  let wasSent = false;
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
    async open({ adapter, model, headers, adjustments }, request) {
      if (signal.aborted) return null;
      const call = adapter.callOptions(request, adjustments);
      const options = { ...call, headers, abortSignal: abort.signal, includeRawChunks: true };
      wasSent = true;
      const opening = Promise.resolve(model.doStream(options)).then(({ stream }) => stream.getReader());
      opening.catch(() => {});
      reader = await Promise.race([opening, cancelled]);
      return reader;
    },
    wasSent: () => wasSent,
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
  wasSent: boolean;
}

function conclude(facts: Facts): AttemptEnd {
  const { deps, request, mapper, thrown, cancelled } = facts;
  const usage = usageOf(facts);
  if (cancelled) return { type: 'cancelled', usage };
  const error = thrown ?? mapper.error();
  if (error !== undefined) {
    return { type: 'failed', failure: describeFailure(error, request.selection.apiKey, deps.now()), usage };
  }
  const finish = mapper.finish();
  const neverFinished = !finish || (finish.unified === 'other' && finish.raw === undefined);
  if (neverFinished || finish.unified === 'error') return { type: 'failed', failure: TRUNCATED, usage };
  return { type: 'ended', stopReason: toStopReason(finish, mapper.toolCalls()), usage };
}

/** What the provider said; without that an estimate, unless nothing shows that it did any work. */
function usageOf({ request, mapper, cancelled, wasSent }: Facts): Usage {
  const reported = mapper.usage();
  if (reported) return reported;
  const characters = mapper.outputCharacters();
  const worked = mapper.finish() !== null || characters > 0 || (cancelled && wasSent);
  return worked ? estimateUsage(request, characters) : NO_USAGE;
}
