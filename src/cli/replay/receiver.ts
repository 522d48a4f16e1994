import { readFileSync } from 'node:fs';
import type { Config } from '../../config/schema.ts';
import { SeastateError } from '../../core/errors.ts';
import { unreadable } from '../../core/unreadable.ts';
import { sinkOptionsOf } from '../../sinks/prometheus/from-config.ts';
import type { ClientOptions } from '../../sinks/remote-write/options.ts';
import { type CliContext, say } from '../context.ts';
import type { ConfigFlags } from '../flags.ts';

export interface ReplayFlags extends ConfigFlags {
  readonly from?: number | 'rejected';
  readonly to?: number;
  readonly cluster?: string;
  readonly select?: string;
  readonly rate?: number;
  readonly url?: URL;
  readonly sink?: string;
  readonly protocol: 'auto' | '1.0' | '2.0';
  readonly tokenFile?: string;
  readonly header?: readonly string[];
}

/** Where the flags say to send, and how. Errors: `usage`. */
export function clientOptionsOf(
  context: CliContext,
  flags: ReplayFlags,
  config: Config,
): ClientOptions {
  if ((flags.url === undefined) === (flags.sink === undefined)) {
    throw new SeastateError('usage', 'where to? Give --url ADDRESS, or --sink NAME');
  }
  const tell = (fields: object, message: string): void =>
    say(context, `${message} ${JSON.stringify(fields)}`);
  const { now } = context;
  const common = { failsFast: true, giveUpMs: 60_000, tell };
  if (flags.url) {
    return {
      url: flags.url,
      protocol: flags.protocol,
      userAgent: 'seastate-replay/1',
      headers: () => headersOf(flags),
      connections: 4,
      timeoutMs: 30_000,
      backoffMinMs: 100,
      backoffMaxMs: 5_000,
      now,
      random: Math.random,
      ...common,
    };
  }
  const sinks = sinkOptionsOf(config, { now, random: Math.random, warn: tell });
  const sink = sinks.find(({ name }) => name === flags.sink);
  if (sink) return { ...sink.client, ...common };
  const names = sinks.map(({ name }) => name).join(', ') || 'none';
  throw new SeastateError(
    'usage',
    `there is no sink "${flags.sink}"; the configuration has ${names}`,
  );
}

function headersOf({ tokenFile, header = [] }: ReplayFlags): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const pair of header) {
    const at = pair.indexOf(':');
    if (at < 1) throw new SeastateError('usage', `"${pair}" is not a header: write name:value`);
    headers[pair.slice(0, at).toLowerCase()] = pair.slice(at + 1).trim();
  }
  if (tokenFile === undefined) return headers;
  return { ...headers, authorization: `Bearer ${tokenIn(tokenFile)}` };
}

function tokenIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw unreadable('usage', file, error);
  }
}
