/** Exit codes of the executable. */
export const EXIT = { ok: 0, failure: 1, usage: 2, unavailable: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Stops the start with one clear line and no stack. */
export class FatalError extends Error {
  readonly exitCode: ExitCode;
  constructor(message: string, exitCode: ExitCode = EXIT.failure, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'FatalError';
    this.exitCode = exitCode;
  }
}

export function configError(message: string): FatalError {
  return new FatalError(message, EXIT.usage);
}
