import type { FlagParametersForType } from '@stricli/core';
import type { Override } from '../config/load.ts';
import { parseTime } from '../core/time.ts';
import type { CliContext } from './context.ts';
import type { OutputFormat } from './output/rows.ts';

const asGiven = (text: string): string => text;

/** Flags of every verb that needs the configuration. */
export interface ConfigFlags {
  readonly config?: string;
  readonly data?: string;
  readonly set?: readonly string[];
}

export const configFlags: FlagParametersForType<ConfigFlags, CliContext> = {
  config: {
    kind: 'parsed',
    parse: asGiven,
    optional: true,
    placeholder: 'file',
    brief: 'Configuration file [SEASTATE_CONFIG]',
  },
  data: {
    kind: 'parsed',
    parse: asGiven,
    optional: true,
    placeholder: 'folder',
    brief: 'Data folder; ./seastate-data by default [SEASTATE_DATA]',
  },
  set: {
    kind: 'parsed',
    parse: asGiven,
    optional: true,
    variadic: true,
    placeholder: 'key=value',
    brief: 'Any other key of the file, such as process.log.encoding=zstd',
  },
};
export const listenFlag = {
  kind: 'parsed',
  parse: String,
  optional: true,
  placeholder: 'host:port',
  brief: 'Address of the server; 127.0.0.1:9797 by default [SEASTATE_LISTEN]',
} as const;

export const configAliases = { c: 'config' } as const;

/** Keys that a flag of its own or an environment variable sets. */
const shortcuts = [
  ['listen', 'SEASTATE_LISTEN', 'process.listen'],
  ['data', 'SEASTATE_DATA', 'process.data'],
  ['partitions', 'SEASTATE_PARTITIONS', 'process.partitions'],
  ['logLevel', 'SEASTATE_LOG_LEVEL', 'process.logging.level'],
] as const;

/** What the command line and the environment say over the file; the strongest last. */
export function overridesOf(flags: ConfigFlags, env: CliContext['env']): Override[] {
  const fromEnv = shortcuts.flatMap(([, source, path]) => {
    const value = env[source];
    return value === undefined || value === '' ? [] : [{ path, value, source }];
  });
  const fromFlags = shortcuts.flatMap(([flag, , path]) => {
    const value = (flags as Readonly<Record<string, unknown>>)[flag];
    const source = `--${flag.replaceAll(/[A-Z]/g, (char) => `-${char.toLowerCase()}`)}`;
    return value === undefined ? [] : [{ path, value: String(value), source }];
  });
  const fromSet = (flags.set ?? []).map((pair) => {
    const at = pair.indexOf('=');
    const path = at < 0 ? pair : pair.slice(0, at);
    return { path, value: at < 0 ? '' : pair.slice(at + 1), source: `--set ${path}` };
  });
  return [...fromEnv, ...fromSet, ...fromFlags];
}

export const formatFlag = {
  kind: 'enum',
  values: ['table', 'json', 'jsonl', 'csv'],
  optional: true,
  brief: 'Form of the output',
} as const;

/** Verbs that follow write a line per record to a pipe, and a table to a terminal. */
export function streamingFormat(
  context: CliContext,
  given: OutputFormat | undefined,
): OutputFormat {
  return given ?? (context.out.isTTY ? 'table' : 'jsonl');
}

/** `2026-03-01T10:00:00Z`, unix seconds, `now` or `-1h`; parsed: ms. */
export function timeParser(this: CliContext, text: string): number {
  return parseTime(text, this.now());
}

/** An optional time of a verb: `--from` and the like. */
export const timeFlag = (brief: string) =>
  ({ kind: 'parsed', parse: timeParser, optional: true, placeholder: 'time', brief }) as const;

/** A whole number above zero. */
export function countParser(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`"${text}" is not a whole number above 0`);
  return Number(text);
}

/** A whole number from zero on: a partition, an offset. */
export function indexParser(text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`"${text}" is not a whole number`);
  return Number(text);
}
