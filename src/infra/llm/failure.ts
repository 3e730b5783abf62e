import type { ModelError } from '#domain/provider/index.ts';
import { truncate } from '#shared/text.ts';
import { redact } from './redact.ts';

export interface Failure {
  error: ModelError;
  retryable: boolean;
  /** What the provider asked us to wait, or null. */
  retryAfterMs: number | null;
}

/** A failure whose class is already known where it happens. Its message is fit for the user. */
export class ModelFailure extends Error {
  readonly failure: Failure;

  constructor(code: ModelError['code'], message: string, options: { retryable?: boolean } = {}) {
    super(message);
    this.name = 'ModelFailure';
    this.failure = { error: { code, message }, retryable: options.retryable ?? false, retryAfterMs: null };
  }
}

export const TRUNCATED = new ModelFailure('unavailable', 'The provider ended its answer early.', {
  retryable: true,
}).failure;

const MAX_MESSAGE_LENGTH = 300;
const CONTEXT_OVERFLOW =
  /context[ _-]?(length|window|limit|size)|maximum context|prompt is too long|too many (input |prompt )?tokens|input (length|is too long)|exceeds? the (model|limit)|request too large/i;

/** Classifies whatever a provider package or the network threw. Never throws. */
export function describeFailure(thrown: unknown, apiKey: string | null, now: number): Failure {
  const chain = causes(thrown);
  for (const error of chain) if (error instanceof ModelFailure) return error.failure;
  for (const error of chain) {
    const status = error.statusCode;
    if (typeof status !== 'number' || status < 400) continue;
    const body = error.responseBody;
    const event = typeof body === 'string' ? bareErrorEvent(body) : null;
    if (event) return fromErrorEvent(event, apiKey);
    const said = typeof body === 'string' ? providerMessage(body) : text(error.message);
    const kind = typeof body === 'string' ? body : `${text(error.code)} ${text(error.type)}`;
    return fromStatus({ status, said, kind, apiKey, retryAfterMs: retryAfter(error, now) });
  }
  const [first] = chain;
  if (first && isTruncation(first)) return TRUNCATED;
  const network = chain.map(networkCode).find((code) => code !== null);
  if (network) return unreachable(network);
  if (chain.some((error) => /^AI_(JSONParse|TypeValidation|InvalidResponseData)/.test(text(error.name)))) {
    return plain('protocol', 'The provider sent something that is not a model answer.', false);
  }
  if (first && !(first instanceof Error) && text(first.message)) return fromErrorEvent(first, apiKey);
  return plain('unavailable', 'The call of the provider failed.', true);
}

type Loose = Record<string, unknown>;

function causes(thrown: unknown): Loose[] {
  const chain: Loose[] = [];
  let current = thrown;
  while (typeof current === 'object' && current !== null && chain.length < 8) {
    chain.push(current as Loose);
    current = (current as Loose).cause;
  }
  return chain;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function plain(code: ModelError['code'], message: string, retryable: boolean): Failure {
  return { error: { code, message }, retryable, retryAfterMs: null };
}

function unreachable(code: string): Failure {
  if (code === 'terminated') return plain('unavailable', 'The connection to the provider was lost.', true);
  return plain('unavailable', `The provider could not be reached (${code}).`, true);
}

/** The stream came to its end without a finish reason. */
function isTruncation(error: Loose): boolean {
  return error.name === 'AI_InvalidResponseDataError' && error.data === undefined;
}

function networkCode(error: Loose): string | null {
  const code = error.code;
  if (code === 'UND_ERR_SOCKET' || error.message === 'terminated') return 'terminated';
  if (
    typeof code === 'string' &&
    /^(E[A-Z_]{3,}|UND_ERR_[A-Z_]+|CERT_[A-Z_]+|[A-Z_]*CERT[A-Z_]*)$/.test(code)
  ) {
    return code;
  }
  return null;
}

interface StatusFacts {
  status: number;
  said: string;
  kind: string;
  apiKey: string | null;
  retryAfterMs: number | null;
}

export function fromStatus(facts: StatusFacts): Failure {
  const { status, said } = facts;
  const quota = /insufficient_quota|billing/i.test(facts.kind);
  const code = codeOf(status, `${said} ${facts.kind}`);
  const detail = said ? `: ${redact(said, facts.apiKey)}` : '.';
  const message = truncate(`The provider answered ${status}${detail}`, MAX_MESSAGE_LENGTH);
  const retryable = (status === 408 || status === 409 || status === 429 || status >= 500) && !quota;
  return { error: { code, message, status }, retryable, retryAfterMs: facts.retryAfterMs };
}

function codeOf(status: number, said: string): ModelError['code'] {
  if (status === 401 || status === 403) return 'auth';
  if (status === 429) return 'rate_limited';
  if (status === 408 || status === 409 || status >= 500) return 'unavailable';
  return CONTEXT_OVERFLOW.test(said) ? 'context_overflow' : 'bad_request';
}

/** An error object inside a stream that had begun with status 200. */
function fromErrorEvent(error: Loose, apiKey: string | null): Failure {
  const said = text(error.message);
  const kind = `${text(error.type)} ${text(error.code)}`.toLowerCase();
  const code = error.code;
  const status = typeof code === 'number' && code >= 400 && code < 600 ? code : statusOfKind(kind);
  const failure = fromStatus({ status, said, kind, apiKey, retryAfterMs: null });
  const message = truncate(`The provider reported an error: ${redact(said, apiKey)}`, MAX_MESSAGE_LENGTH);
  return { ...failure, error: { code: failure.error.code, message } };
}

/** An error event that came first is reported by one package as a response with a made-up status. */
function bareErrorEvent(body: string): Loose | null {
  const parsed = parseObject(body);
  return parsed && !('error' in parsed) && text(parsed.type) && text(parsed.message) ? parsed : null;
}

function statusOfKind(kind: string): number {
  if (/rate_limit|quota|too_many/.test(kind)) return 429;
  if (/authentication|api_key/.test(kind)) return 401;
  if (/permission/.test(kind)) return 403;
  if (/invalid|bad_request|context_length|not_found/.test(kind)) return 400;
  return /overload/.test(kind) ? 503 : 500;
}

/** The provider's own sentence out of an error body; '' when it is no JSON that we know. */
export function providerMessage(body: string): string {
  const { error, message, detail } = parseObject(body) ?? {};
  if (typeof error === 'object' && error !== null) return text((error as Loose).message);
  return text(error) || text(message) || text(detail);
}

function parseObject(body: string): Loose | null {
  try {
    const parsed: unknown = JSON.parse(body);
    const root: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
    return typeof root === 'object' && root !== null ? (root as Loose) : null;
  } catch {
    return null;
  }
}

function retryAfter(error: Loose, now: number): number | null {
  const headers = error.responseHeaders;
  if (typeof headers !== 'object' || headers === null) return null;
  return parseRetryAfter(headers as Record<string, string | undefined>, now);
}

/** `retry-after-ms`, or `retry-after` as seconds or as a date; null when absent or unreadable. */
export function parseRetryAfter(headers: Record<string, string | undefined>, now: number): number | null {
  const ms = Number.parseFloat(headers['retry-after-ms'] ?? '');
  if (ms >= 0) return ms;
  const value = headers['retry-after']?.trim();
  if (!value) return null;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
