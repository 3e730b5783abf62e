import type { CreateNormalizer } from '../dialects/normalizer.ts';
import { ModelFailure } from '../failure/failure.ts';
import { MAX_ERROR_BODY_BYTES } from '../limits.ts';
import { answerBody, bodyReader } from './answer-body.ts';
import type { Fetch, FetchInit, FetchResponse } from './guarded-fetch.ts';
import { createStallGuard, type StallGuard } from './stall-guard.ts';

export interface ProviderFetchDeps {
  fetch: Fetch;
  normalizer: CreateNormalizer;
  /** How long the provider may send nothing. */
  stallMs: number;
}

/**
 * The `fetch` that a provider package is given: the body of a success is a clean event stream, the body of
 * an error is short, and silence or a body of another kind is a `ModelFailure`.
 */
export function createProviderFetch(deps: ProviderFetchDeps): typeof globalThis.fetch {
  return async (input, init) => {
    const abort = new AbortController();
    const signal = init?.signal;
    const onAbort = (): void => abort.abort(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    const guard = createStallGuard(deps.stallMs, (failure) => abort.abort(failure));
    const release = (): void => {
      guard.close();
      signal?.removeEventListener('abort', onAbort);
    };
    try {
      const url = input instanceof Request ? input.url : String(input);
      const options = { ...init, signal: abort.signal } as FetchInit;
      const response = await guard.watch(deps.fetch(url, options));
      if (!response.ok) return await errorResponse(response, guard, release);
      await refusePage(response);
      return toResponse(response, answerBody(response, deps.normalizer, { guard, abort, release }));
    } catch (error) {
      release();
      throw error;
    }
  };
}

async function errorResponse(
  response: FetchResponse,
  guard: StallGuard,
  release: () => void,
): Promise<Response> {
  const body = await readText(response, guard, MAX_ERROR_BODY_BYTES);
  release();
  return toResponse(response, body);
}

/** Many proxies answer 200 with a page. */
async function refusePage(response: FetchResponse): Promise<void> {
  const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (type !== 'text/html') return;
  await bodyReader(response)
    .cancel()
    .catch(() => {});
  throw new ModelFailure('protocol', `The provider answered with ${type} instead of an event stream.`);
}

async function readText(response: FetchResponse, guard: StallGuard, maxBytes: number): Promise<string> {
  const reader = bodyReader(response);
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size < maxBytes) {
    // The status says more than what breaks behind it.
    const next = await guard.watch(reader.read()).catch(() => null);
    if (!next || next.done) break;
    chunks.push(next.value);
    size += next.value.byteLength;
  }
  await reader.cancel().catch(() => {});
  return Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8');
}

function toResponse(from: FetchResponse, body: string | ReadableStream<Uint8Array>): Response {
  const headers = new Headers(Object.fromEntries(from.headers));
  headers.delete('content-encoding');
  headers.delete('content-length');
  // Whatever the provider called it, this is what it has become.
  if (from.ok) headers.set('content-type', 'text/event-stream');
  const { status, statusText } = from;
  return new Response(status === 204 || status === 205 ? null : body, { status, statusText, headers });
}
