import { type Bindings, type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { build as prettyStream } from 'pino-pretty';
import type { Log } from '#shared/log.ts';
import { maskSecrets } from './mask.ts';

export interface LoggerOptions {
  level: string;
  format: 'json' | 'pretty';
  /** `server` of every line: which service speaks. */
  service: string;
  destination?: DestinationStream;
  /** Makes stacks of the bundle readable. */
  readStack?: (stack: string) => string;
}

/** pino to stdout; JSON for machines, one readable line for people. Secrets are masked here, centrally. */
export function createLogger(options: LoggerOptions): Log {
  const destination =
    options.destination ??
    (options.format === 'pretty'
      ? prettyStream({ translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname,service', sync: true })
      : undefined);
  const config = {
    level: options.level,
    base: { service: options.service, pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    // pino's own redaction by wildcard paths costs several times as much per line.
    formatters: { log: (fields: Record<string, unknown>) => maskSecrets(fields) },
    serializers: { err: serializer(options.readStack ?? ((stack) => stack)) },
  };
  const logger = destination ? pino(config, destination) : pino(config);
  const { child } = logger;
  // Children inherit this; pino gives them no formatter for what is bound to them.
  logger.child = function (this: Logger, fields: Bindings) {
    return child.call(this, maskSecrets(fields));
  } as typeof child;
  return logger;
}

function serializer(readStack: (stack: string) => string): (error: unknown) => unknown {
  return function serialize(error: unknown): unknown {
    if (!(error instanceof Error)) return error;
    const code = 'code' in error ? error.code : undefined;
    const cause = error.cause instanceof Error ? serialize(error.cause) : undefined;
    const stack = error.stack === undefined ? undefined : readStack(error.stack);
    return { type: error.name, message: error.message, code, stack, cause };
  };
}
