import type { lookup } from 'node:dns';
import type { LanguageModelV3 } from '@ai-sdk/provider';
import { LRUCache } from 'lru-cache';
import type { LanguageModel, ModelPart, ModelRequest, ModelSelection } from '#domain/provider/index.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import { createDemoModel } from './demo/demo-model.ts';
import { describeFailure } from './failure/describe-failure.ts';
import { createRefusalMemory, type RefusalMemory } from './families/refusal-memory.ts';
import { adjustmentFor, type RefusedRequest } from './families/refusals.ts';
import type { ProviderHttp } from './http/guarded-fetch.ts';
import { hasPart, imagesOf } from './prompt/request-content.ts';
import type { ProviderAdapter } from './providers/adapter.ts';
import { ADAPTER_LOADERS } from './providers/table.ts';
import { runAttempt } from './stream/attempt.ts';
import { retryWaitMs } from './stream/retry.ts';
import { NO_USAGE } from './stream/usage.ts';

const MAX_KEPT_MODELS = 64;

export interface LanguageModelDeps {
  clock: Clock;
  log: Log;
  /** Waits before a retry and between the chunks of the demo model; rejects when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Resolves the host names of tenants' base URLs. */
  resolve: typeof lookup;
  userAgent: string;
  /** How long a provider may send nothing before the call counts as failed. */
  stallMs: number;
  demoChunkDelayMs: number;
}

export interface ClosableLanguageModel extends LanguageModel {
  /** Ends every open call and every kept socket. Idempotent. */
  close(): Promise<void>;
}

/** All provider types behind one port. The packages and the HTTP client load with the first call that needs them. */
export function createLanguageModel(deps: LanguageModelDeps): ClosableLanguageModel {
  const demo = createDemoModel({ sleep: deps.sleep, chunkDelayMs: deps.demoChunkDelayMs });
  const shutdown = new AbortController();
  // Building a model costs a millisecond, most of it for schemas.
  const models = new LRUCache<string, LanguageModelV3>({ max: MAX_KEPT_MODELS });
  const memory = createRefusalMemory();
  let http: Promise<ProviderHttp> | null = null;

  function loadHttp(): Promise<ProviderHttp> {
    http ??= import('./http/guarded-fetch.ts').then(({ createProviderHttp }) => createProviderHttp(deps));
    return http;
  }

  async function modelOf(adapter: ProviderAdapter, selection: ModelSelection): Promise<LanguageModelV3> {
    const isTenantUrl = !selection.trusted && selection.baseUrl !== null;
    const key = JSON.stringify([
      selection.providerType,
      isTenantUrl,
      selection.baseUrl,
      selection.apiKey,
      selection.model.id,
    ]);
    const known = models.get(key);
    if (known) return known;
    const [{ createProviderFetch }, client] = await Promise.all([
      import('./http/provider-fetch.ts'),
      loadHttp(),
    ]);
    const fetch = isTenantUrl ? client.guarded : client.open;
    const normalizer = adapter.normalizer(selection);
    const model = adapter.createModel(
      selection,
      createProviderFetch({ fetch, normalizer, stallMs: deps.stallMs }),
    );
    models.set(key, model);
    return model;
  }

  return {
    async *stream(request, signal) {
      const { providerType } = request.selection;
      if (providerType === 'demo') return yield* demo.stream(request, signal);
      const load = ADAPTER_LOADERS[providerType];
      if (!load) return yield unavailableType(providerType);
      const ended = linkSignals(signal, shutdown.signal);
      try {
        const adapter = await load();
        const model = await modelOf(adapter, request.selection);
        yield* withRetries(deps, { adapter, model, memory, request, signal: ended.signal });
      } catch (error) {
        const failure = describeFailure(error, request.selection.apiKey, deps.clock.now());
        yield { type: 'finish', stopReason: 'error', usage: NO_USAGE, error: failure.error };
      } finally {
        ended.release();
      }
    },
    async close() {
      shutdown.abort();
      models.clear();
      await (await http)?.close();
    },
  };
}

interface Call {
  adapter: ProviderAdapter;
  model: LanguageModelV3;
  memory: RefusalMemory;
  request: ModelRequest;
  signal: AbortSignal;
}

/** A call that fails is made again after a wait, one that is refused for its content at once, without that. */
async function* withRetries(deps: LanguageModelDeps, call: Call): AsyncGenerator<ModelPart, void> {
  const { request, signal, memory } = call;
  const headers = { 'x-session-id': request.sessionId, 'user-agent': deps.userAgent };
  const made = new Set(memory.adjustments(request.selection));
  const isRefusedImage = (data: Uint8Array): boolean => memory.isRefused(request.selection, data);
  const adjustments = { made, isRefusedImage };
  const attemptDeps = { ...call, headers, adjustments, now: () => deps.clock.now() };
  for (let attempt = 1; ; ) {
    const end = yield* runAttempt(attemptDeps, request, signal);
    const { usage } = end;
    if (end.type === 'cancelled') return yield { type: 'finish', stopReason: 'cancelled', usage };
    if (end.type === 'ended') {
      memory.remember(request, made);
      return yield { type: 'finish', stopReason: end.stopReason, usage };
    }
    const { error } = end.failure;
    const adjustment = adjustmentFor(error, { ...contentOf(request), made });
    const waitMs = adjustment ? 0 : retryWaitMs(end.failure, attempt);
    const { providerId, model } = request.selection;
    deps.log.info(
      {
        provider: providerId,
        model: model.id,
        code: error.code,
        status: error.status,
        attempt,
        adjustment,
        waitMs,
      },
      'model call failed',
    );
    if (waitMs === null) return yield { type: 'finish', stopReason: 'error', usage, error };
    yield { type: 'restart', attempt, reason: error.message, usage };
    if (adjustment) made.add(adjustment);
    else {
      attempt += 1;
      await deps.sleep(waitMs, signal).catch(() => {});
    }
    if (signal.aborted) return yield { type: 'finish', stopReason: 'cancelled', usage: NO_USAGE };
  }
}

function contentOf(request: ModelRequest): Omit<RefusedRequest, 'made'> {
  return {
    hasImages: request.selection.model.supportsImages && imagesOf(request).length > 0,
    hasReasoning: hasPart(request, 'reasoning'),
    hasCalls: hasPart(request, 'tool_call'),
  };
}

function unavailableType(providerType: string): ModelPart {
  const message = `Providers of type ${providerType} are not available in this build.`;
  return { type: 'finish', stopReason: 'error', usage: NO_USAGE, error: { code: 'bad_request', message } };
}

/** `AbortSignal.any` keeps its followers alive as long as a long-lived source; this lets go. */
function linkSignals(...sources: AbortSignal[]): { signal: AbortSignal; release(): void } {
  const abort = new AbortController();
  const onAbort = (): void => abort.abort();
  for (const source of sources) {
    if (source.aborted) onAbort();
    source.addEventListener('abort', onAbort, { once: true });
  }
  return {
    signal: abort.signal,
    release() {
      for (const source of sources) source.removeEventListener('abort', onAbort);
    },
  };
}
