import { type Logger as Pino, pino } from 'pino';
import { SeastateError } from '../core/errors.ts';

/** Our own log: fields first, then a sentence. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** Takes effect at once, as a reload does it. */
  setLevel(level: LogLevel): void;
}
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LoggerOptions {
  readonly level: LogLevel;
  /** `auto`: text where the stream is a terminal. */
  readonly format: 'auto' | 'json' | 'text';
}

export interface LogStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** Writes JSON lines, or text for people, to `stream` (stderr: stdout is for data). */
export async function openLogger(options: LoggerOptions, stream: LogStream): Promise<Logger> {
  const asText = options.format === 'text' || (options.format === 'auto' && stream.isTTY === true);
  const destination = asText ? await prettyStream(stream) : stream;
  const log = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: errorFields, err: errorFields },
    },
    destination,
  );
  return wrap(log);
}

function wrap(log: Pino): Logger {
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
    setLevel: (level) => {
      log.level = level;
    },
  };
}

async function prettyStream(stream: LogStream) {
  const { default: pretty } = await import('pino-pretty');
  return pretty({
    destination: { write: (text: string) => stream.write(text) } as NodeJS.WritableStream,
    colorize: stream.isTTY === true && !process.env['NO_COLOR'],
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname',
    singleLine: true,
  });
}

/** What is worth reading of an error: a stack only where it is a defect of ours. */
function errorFields(error: unknown): unknown {
  if (error instanceof SeastateError && error.code !== 'invariant') {
    const cause = error.cause === undefined ? {} : { cause: errorFields(error.cause) };
    return { code: error.code, message: error.message, ...cause };
  }
  return error instanceof Error ? pino.stdSerializers.err(error) : error;
}
