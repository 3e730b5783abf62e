import type { ModelError } from '#domain/provider/index.ts';

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

/** An error that a provider reported inside an answer which had begun with status 200. */
export class ReportedError extends Error {
  readonly report: unknown;

  constructor(report: unknown) {
    super('The provider reported an error.');
    this.name = 'ReportedError';
    this.report = report;
  }
}

export const TRUNCATED = new ModelFailure('unavailable', 'The provider ended its answer early.', {
  retryable: true,
}).failure;

export function notAnAnswer(): ModelFailure {
  return new ModelFailure('protocol', 'The provider sent something that is not a model answer.');
}
