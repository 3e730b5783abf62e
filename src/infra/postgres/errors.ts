import { DomainError, type DomainErrorCode, notFound } from '#domain/errors.ts';

interface Translation {
  code: DomainErrorCode;
  message: string;
  field?: string;
}

const BY_CONSTRAINT: Record<string, Translation> = {
  users_username_unique: {
    code: 'username_taken',
    message: 'This username is already taken',
    field: 'username',
  },
  users_username_key_unique: {
    code: 'username_taken',
    message: 'This username is already taken, or looks like one that is',
    field: 'username',
  },
  users_email_unique: {
    code: 'email_taken',
    message: 'This e-mail address is already registered',
    field: 'email',
  },
  projects_subdomain_unique: {
    code: 'conflict',
    message: 'subdomain: another project has this name',
    field: 'subdomain',
  },
  projects_workspace_claim: {
    code: 'conflict',
    message: 'workspace_path: another project works in this directory, in one above it or in one below it',
    field: 'workspace_path',
  },
};

const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';
/** Check violated, not null violated, number out of range, not a number, index row too large. */
const BAD_INPUT = new Set(['23514', '23502', '22003', '22P02', '54000']);
/** A text that is no uuid names nothing; one that is no number or no JSON is bad input. */
const INVALID_TEXT_REPRESENTATION = '22P02';
/** The server's function that reads a uuid: its messages may be in any language. */
const UUID_ROUTINE = 'string_to_uuid';
/** Deadlock, serialization failure, time-outs, too many connections, shutdown, read-only standby, disk full. */
const UNAVAILABLE = new Set([
  '40P01',
  '40001',
  '55P03',
  '57014',
  '53300',
  '53100',
  '53200',
  '57P01',
  '57P02',
  '57P03',
  '25006',
  '25P03',
]);
/** Drivers and Node give connection failures names instead of SQLSTATEs. */
const CONNECTION_FAILURE =
  /^(?:08\w{3}|E[A-Z]+|EAI_\w+|CONNECT_TIMEOUT|CONNECTION_\w+|SASL_\w+|AUTH_\w+|28\w{3}|3D000)$/;

/** A failure that no rule translates. It carries no statement, no parameter and no row. */
export class DatabaseError extends Error {
  readonly sqlState: string;
  readonly constraint: string | undefined;

  constructor(sqlState: string, constraint: string | undefined, message: string) {
    super(`Database error ${sqlState}${constraint ? ` (${constraint})` : ''}: ${message}`);
    this.name = 'DatabaseError';
    this.sqlState = sqlState;
    this.constraint = constraint;
  }
}

interface DriverError {
  code: string;
  message: string;
  constraint: string | undefined;
  routine: string | undefined;
}

/**
 * The one place where drivers' errors become ours, for what a statement, a begin or a commit throws: elsewhere an
 * error with a code need not be a driver's. Errors without a code come back unchanged.
 * Drizzle's own wrapper quotes all parameters in its message, so it is never passed on.
 */
export function translateError(error: unknown): unknown {
  const driver = driverError(error);
  if (!driver) return error;
  const { code, constraint } = driver;
  const known = constraint === undefined ? undefined : BY_CONSTRAINT[constraint];
  if (known) return new DomainError(known.code, known.message, { field: known.field });
  if (code === UNIQUE_VIOLATION) return new DomainError('conflict', 'It exists already');
  if (code === FOREIGN_KEY_VIOLATION) return notFound('What this belongs to was');
  if (code === INVALID_TEXT_REPRESENTATION && driver.routine === UUID_ROUTINE) return notFound('Object');
  if (BAD_INPUT.has(code)) return new DomainError('invalid_input', 'A value is too long or out of range');
  if (UNAVAILABLE.has(code) || CONNECTION_FAILURE.test(code)) return unavailable(driver);
  return new DatabaseError(code, constraint, driver.message);
}

export function unavailable(cause: { code: string; message: string }): DomainError {
  return new DomainError('unavailable', 'The database does not answer', {
    cause: new DatabaseError(cause.code, undefined, cause.message),
  });
}

function driverError(error: unknown): DriverError | null {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth += 1) {
    if (at instanceof DomainError || at instanceof DatabaseError) return null;
    if (at instanceof AggregateError && at.errors[0] instanceof Error) return driverError(at.errors[0]);
    if (!('code' in at) || typeof at.code !== 'string') continue;
    return { code: at.code, message: at.message, constraint: constraintOf(at), routine: routineOf(at) };
  }
  return null;
}

function routineOf(error: Error): string | undefined {
  const { routine } = error as { routine?: unknown };
  return typeof routine === 'string' ? routine : undefined;
}

/** postgres.js says `constraint_name`, PGlite `constraint`. */
function constraintOf(error: Error): string | undefined {
  const { constraint_name, constraint } = error as { constraint_name?: unknown; constraint?: unknown };
  const name = constraint_name ?? constraint;
  return typeof name === 'string' ? name : undefined;
}
