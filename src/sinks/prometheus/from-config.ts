import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataLayout } from '../../config/layout.ts';
import type { Config } from '../../config/schema.ts';
import { type PrometheusSection, sinkName } from '../../config/sinks.ts';
import type { PrometheusSinkOptions } from './sink.ts';

export interface SinkParts {
  /** ms since the epoch. */
  readonly now: () => number;
  /** 0 to 1. */
  readonly random: () => number;
  readonly warn: (fields: object, message: string) => void;
}

/** Options of the sinks of the configuration. */
export function sinkOptionsOf({ process }: Config, parts: SinkParts): PrometheusSinkOptions[] {
  return process.sinks.prometheus.map((section) => {
    const name = sinkName(section);
    return {
      name,
      topics: section.topics,
      requestBytes: section.request_size,
      path: join(dataLayout(process.data).sinks, `prometheus-${name}.json`),
      warn: parts.warn,
      client: {
        url: new URL(section.url),
        protocol: section.protocol,
        userAgent: 'seastate/1',
        headers: () => headersOf(section),
        ...tlsOf(section),
        connections: section.connections,
        timeoutMs: section.timeout,
        backoffMinMs: section.backoff_min,
        backoffMaxMs: section.backoff_max,
        giveUpMs: Number.POSITIVE_INFINITY,
        failsFast: false,
        now: parts.now,
        random: parts.random,
        tell: (fields, message) => parts.warn({ sink: name, ...fields }, message),
      },
    };
  });
}

const contentOf = (path: string): string => readFileSync(path, 'utf8').trim();

function headersOf({ headers, basic, bearer }: PrometheusSection): Record<string, string> {
  if (bearer) {
    const token = bearer.token ?? contentOf(bearer.token_file!);
    return { ...headers, authorization: `Bearer ${token}` };
  }
  if (!basic) return headers;
  const password = basic.password ?? contentOf(basic.password_file!);
  const pair = Buffer.from(`${basic.user}:${password}`).toString('base64');
  return { ...headers, authorization: `Basic ${pair}` };
}

/** Files are read here, once: a change of them needs a restart. */
function tlsOf({ tls }: PrometheusSection): Pick<PrometheusSinkOptions['client'], 'tls'> {
  if (!tls) return {};
  const { ca_file, cert_file, key_file, server_name } = tls;
  return {
    tls: {
      ...(ca_file !== undefined && { ca: contentOf(ca_file) }),
      ...(cert_file !== undefined && { cert: contentOf(cert_file) }),
      ...(key_file !== undefined && { key: contentOf(key_file) }),
      ...(server_name !== undefined && { servername: server_name }),
    },
  };
}
