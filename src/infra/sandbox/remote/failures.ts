import { WORKSPACE_ERROR_CODES, WorkspaceError, type WorkspaceErrorCode } from '#domain/workspace/index.ts';

/** The host's name stays in the log: these messages reach the model. */
export function hostUnavailable(cause?: unknown): WorkspaceError {
  return new WorkspaceError('unavailable', 'The sandbox host does not answer; try again later.', { cause });
}

export function connectionLost(): WorkspaceError {
  return new WorkspaceError(
    'unavailable',
    'The connection to the sandbox host was lost, and what ran there was ended; try again later.',
  );
}

/** The host answers, but not to this server: an operator has to see to it. */
export class HostRefusal extends WorkspaceError {
  constructor(message: string) {
    super('unavailable', message);
    this.name = 'HostRefusal';
  }
}

export function tokenRefused(): HostRefusal {
  return new HostRefusal('The sandbox host refuses the token of this server.');
}

export function notIsolated(): HostRefusal {
  return new HostRefusal('The sandbox host runs commands without isolation, which is not allowed here.');
}

const KNOWN: ReadonlySet<string> = new Set(WORKSPACE_ERROR_CODES);

const TRANSLATED: Readonly<Record<string, WorkspaceErrorCode>> = {
  invalid_input: 'refused',
  payload_too_large: 'too_large',
};

/** An answer that is an error, as the port has it. */
export function toWorkspaceError(code: string, message: string): WorkspaceError {
  if (code === 'unauthenticated') return tokenRefused();
  if (KNOWN.has(code)) return new WorkspaceError(code as WorkspaceErrorCode, message);
  return new WorkspaceError(TRANSLATED[code] ?? 'unavailable', message);
}
