import { type DestinationStream, pino, stdTimeFunctions } from 'pino';
import { build as prettyStream } from 'pino-pretty';
import type { Log } from '#shared/log.ts';

export interface LoggerOptions {
  level: string;
  format: 'json' | 'pretty';
  /** `server` of every line: which service speaks. */
  service: string;
  destination?: DestinationStream;
}

const SECRET_FIELDS = ['password', 'token', 'api_key', 'apiKey', 'authorization', 'cookie', 'secret'];

/** pino to stdout; JSON for machines, one readable line for people. Secrets are masked here, centrally. */
export function createLogger(options: LoggerOptions): Log {
  const paths = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);
  const destination =
    options.destination ??
    (options.format === 'pretty'
      ? prettyStream({ translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname,service', sync: true })
      : undefined);
  const config = {
    level: options.level,
    base: { service: options.service, pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    redact: { paths, censor: '****' },
    serializers: { err: serializeError },
  };
  return destination ? pino(config, destination) : pino(config);
}

function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = 'code' in error ? error.code : undefined;
  const cause = error.cause instanceof Error ? serializeError(error.cause) : undefined;
  return { type: error.name, message: error.message, code, stack: error.stack, cause };
}
