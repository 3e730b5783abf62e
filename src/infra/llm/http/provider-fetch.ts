import { ModelFailure, providerMessage } from '../failure.ts';
import type { Fetch, FetchInit, FetchResponse } from './guarded-fetch.ts';
import { createSseNormalizer, type MendPayload } from './sse.ts';
import { createStallGuard, type StallGuard } from './stall-guard.ts';

const MAX_ERROR_BODY_BYTES = 64 * 1024;
const MAX_STREAM_BYTES = 256 * 1024 * 1024;

export interface ProviderFetchDeps {
  fetch: Fetch;
  mend: MendPayload;
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
      await refuseOtherContent(response, guard);
      return toResponse(response, cleanBody(response, deps.mend, { guard, abort, release }));
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

/** Some providers and many proxies answer 200 with JSON or a page. */
async function refuseOtherContent(response: FetchResponse, guard: StallGuard): Promise<void> {
  const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (type !== 'application/json' && type !== 'text/html') return;
  const body = await readText(response, guard, MAX_ERROR_BODY_BYTES);
  const said = type === 'application/json' ? providerMessage(body) : '';
  if (said) throw Object.assign(new Error(said), { statusCode: 400, responseBody: body });
  throw new ModelFailure('protocol', `The provider answered with ${type} instead of an event stream.`);
}

async function readText(response: FetchResponse, guard: StallGuard, maxBytes: number): Promise<string> {
  const reader = bodyReader(response);
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size < maxBytes) {
    const { done, value } = await guard.watch(reader.read());
    if (done) break;
    chunks.push(value);
    size += value.byteLength;
  }
  await reader.cancel().catch(() => {});
  return Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8');
}

function bodyReader({ body }: FetchResponse): ReadableStreamDefaultReader<Uint8Array> {
  return (body ?? new ReadableStream<Uint8Array>({ start: (controller) => controller.close() })).getReader();
}

interface BodyOwner {
  guard: StallGuard;
  abort: AbortController;
  release(): void;
}

function cleanBody(response: FetchResponse, mend: MendPayload, owner: BodyOwner): ReadableStream<Uint8Array> {
  const reader = bodyReader(response);
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  const normalizer = createSseNormalizer(mend);
  let size = 0;

  /** The next clean text; null at the end. */
  async function next(): Promise<string | null> {
    let clean = '';
    while (clean === '') {
      const { done, value } = await owner.guard.watch(reader.read());
      if (done) return null;
      size += value.byteLength;
      if (size > MAX_STREAM_BYTES)
        throw new ModelFailure('protocol', 'The answer of the provider is too long.');
      clean = normalizer.push(decoder.decode(value, { stream: true }));
    }
    return clean;
  }

  function last(): string {
    const clean = normalizer.flush();
    if (normalizer.events() > 0) return clean;
    if (size > 0)
      throw new ModelFailure('protocol', 'The provider sent something that is not a model answer.');
    throw new ModelFailure('unavailable', 'The provider sent an empty answer.', { retryable: true });
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const clean = await next();
          if (clean !== null) return controller.enqueue(encoder.encode(clean));
          const rest = last();
          owner.release();
          if (rest !== '') controller.enqueue(encoder.encode(rest));
          controller.close();
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

function toResponse(from: FetchResponse, body: string | ReadableStream<Uint8Array>): Response {
  const headers = new Headers(Object.fromEntries(from.headers));
  headers.delete('content-encoding');
  headers.delete('content-length');
  const { status, statusText } = from;
  return new Response(status === 204 || status === 205 ? null : body, { status, statusText, headers });
}
