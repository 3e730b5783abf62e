import type { ModelError } from '#domain/provider/index.ts';
import { truncate } from '#shared/text.ts';
import { saysOverflow, saysQuota, saysRateLimit, statusOfKind } from '../families/wording.ts';
import { type Failure, ModelFailure, notAnAnswer, ReportedError, TRUNCATED } from './failure.ts';
import { providerSentence, sentenceOf } from './provider-sentence.ts';
import { redact } from './redact.ts';
import { parseRetryAfter } from './retry-after.ts';

const MAX_MESSAGE_LENGTH = 300;
/** How much of a body is searched for a kind of error. */
const MAX_KIND_LENGTH = 4_000;

type Loose = Record<string, unknown>;

/** Classifies whatever a provider package or the network threw; an HTTP status decides first. Never throws. */
export function describeFailure(thrown: unknown, apiKey: string | null, now: number): Failure {
  const chain = causes(thrown);
  for (const error of chain) if (error instanceof ModelFailure) return error.failure;
  for (const error of chain) if (error instanceof ReportedError) return fromReport(error.report, apiKey);
  for (const error of chain) {
    const status = error.statusCode;
    if (typeof status === 'number' && status >= 400) return fromAnswer(error, status, { apiKey, now });
  }
  const [first] = chain;
  if (first && isTruncation(first)) return TRUNCATED;
  const network = chain.map(networkCode).find((code) => code !== null);
  if (network) return unreachable(network);
  if (chain.some((error) => /^AI_(JSONParse|TypeValidation|InvalidResponseData)/.test(text(error.name)))) {
    return notAnAnswer().failure;
  }
  if (first && !(first instanceof Error) && sentenceOf(first)) return fromReport(first, apiKey);
  return plain('unavailable', 'The call of the provider failed.', true);
}

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

function fromAnswer(error: Loose, status: number, facts: { apiKey: string | null; now: number }): Failure {
  const body = error.responseBody;
  const isBody = typeof body === 'string';
  const said = isBody ? providerSentence(body) : text(error.message);
  const kind = isBody ? body.slice(0, MAX_KIND_LENGTH) : `${text(error.code)} ${text(error.type)}`;
  const detail = said ? `: ${redact(said, facts.apiKey)}` : '.';
  const message = truncate(`The provider answered ${status}${detail}`, MAX_MESSAGE_LENGTH);
  const { code, retryable } = classify(status, said, kind);
  const headers = error.responseHeaders;
  const retryAfterMs =
    typeof headers === 'object' && headers !== null
      ? parseRetryAfter(headers as Record<string, string | undefined>, facts.now)
      : null;
  return { error: { code, message, status }, retryable, retryAfterMs };
}

/** An error object, a sentence, or whatever else a provider put in its place. */
function fromReport(report: unknown, apiKey: string | null): Failure {
  const said = sentenceOf(report);
  const { kind, number } = kindOf(report);
  const status = number ?? statusOfKind(kind) ?? statusOfSentence(said);
  const { code, retryable } = classify(status, said, kind);
  const detail = said ? redact(said, apiKey) : 'it gave no reason.';
  const message = truncate(`The provider reported an error: ${detail}`, MAX_MESSAGE_LENGTH);
  return { error: { code, message }, retryable, retryAfterMs: null };
}

function kindOf(report: unknown): { kind: string; number: number | null } {
  const names: string[] = [];
  let number: number | null = null;
  let current = report;
  for (let depth = 0; depth < 3 && typeof current === 'object' && current !== null; depth += 1) {
    const { type, code, status, status_code: statusCode, error, response } = current as Loose;
    for (const value of [code, status, statusCode]) number ??= httpStatus(value);
    names.push(text(type), text(code), text(status));
    current = error ?? response;
  }
  return { kind: names.join(' ').slice(0, MAX_KIND_LENGTH), number };
}

function httpStatus(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number >= 400 && number < 600
    ? number
    : null;
}

function statusOfSentence(said: string): number {
  if (saysOverflow(said)) return 400;
  return saysRateLimit(said) ? 429 : 500;
}

function classify(
  status: number,
  said: string,
  kind: string,
): { code: ModelError['code']; retryable: boolean } {
  const all = `${said} ${kind}`;
  if (status === 401 || status === 403) return { code: 'auth', retryable: false };
  if (status === 429) return { code: 'rate_limited', retryable: !saysQuota(all) };
  if (status === 413 && saysRateLimit(all)) return { code: 'rate_limited', retryable: false };
  if (status === 413 || saysOverflow(all)) return { code: 'context_overflow', retryable: false };
  if (status === 408 || status === 409 || status >= 500) {
    return { code: 'unavailable', retryable: !saysQuota(all) };
  }
  return { code: 'bad_request', retryable: false };
}
