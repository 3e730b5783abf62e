import { Writable } from 'node:stream';
import { type Bindings, type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { build as prettyStream } from 'pino-pretty';
import type { Log } from '#shared/log.ts';
import { maskSecrets } from './mask.ts';
import { escapedJson, visibleJson } from './visible.ts';

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
  const destination = safe(options);
  const config = {
    level: options.level,
    base: { service: options.service, pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    // pino's own redaction by wildcard paths costs several times as much per line.
    formatters: { log: (fields: Record<string, unknown>) => maskSecrets(fields) },
    serializers: { err: serializer(options.readStack ?? ((stack) => stack)) },
  };
  const logger = pino(config, destination);
  const { child } = logger;
  // Children inherit this; pino gives them no formatter for what is bound to them.
  logger.child = function (this: Logger, fields: Bindings) {
    return child.call(this, maskSecrets(fields));
  } as typeof child;
  return logger;
}

/** Where lines go once nothing in them can steer a terminal. */
function safe({ format, destination }: LoggerOptions): DestinationStream {
  if (format === 'json') {
    const out = destination ?? pino.destination(process.stdout.fd);
    return { write: (line) => out.write(escapedJson(line)) };
  }
  const pretty = prettyStream({
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname,service',
    sync: true,
    destination: destination && writableOf(destination),
  });
  return { write: (line) => void pretty.write(visibleJson(line)) };
}

function writableOf(destination: DestinationStream): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      destination.write(String(chunk));
      done();
    },
  });
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
