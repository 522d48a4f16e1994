import type { BaseOptions } from '@platformatic/kafka';
import type { TopicSpec } from '../log.ts';

/** How to reach the brokers, and what the topics should be like. */
export interface KafkaOptions {
  /** `host:port` of some brokers. */
  readonly brokers: readonly string[];
  readonly clientId?: string;
  readonly tls?: KafkaTls;
  readonly sasl?: KafkaSasl;
  readonly topics: readonly TopicSpec[];
  /** Names at the brokers, by our names: `{ telemetry: 'team-a.telemetry' }`. */
  readonly names?: Readonly<Record<string, string>>;
  /** Whether topics that are missing are created. */
  readonly create?: boolean;
  /** How long records are kept, by topic; `input` is for `telemetry`, `output` for the others. */
  readonly retentionMs?: { readonly input?: number; readonly output?: number };
  readonly compression?: 'none' | 'snappy' | 'lz4' | 'zstd' | 'gzip';
  readonly limits?: Partial<KafkaLimits>;
  /** Told at the opening of what works, and is less safe than it could be. */
  readonly warn?: (message: string, details: object) => void;
  /** Told of trouble that a follower waits out (broker away, leader moving). */
  readonly onTrouble?: (error: Error) => void;
}

/** PEM texts; `pfx` (PKCS#12) instead of `cert` and `key`. All as Node's tls takes them. */
export interface KafkaTls {
  readonly ca?: string | readonly string[];
  readonly cert?: string;
  readonly key?: string;
  readonly pfx?: Uint8Array;
  readonly passphrase?: string;
  /** Name in the brokers' certificate, where it is not the host's. */
  readonly serverName?: string;
  /** Off only for tests: anybody could be the broker. */
  readonly verify?: boolean;
}

export interface KafkaSasl {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly username: string;
  readonly password: string;
}

export interface KafkaLimits {
  /** Bytes that wait for the brokers; above it `append` rejects at once. */
  readonly pendingBytes: number;
  /** How long an append waits for its acknowledgement. */
  readonly deadlineMs: number;
  /** How long the first record of a send waits for others. */
  readonly lingerMs: number;
  /** Bytes of one send over all partitions. */
  readonly sendBytes: number;
  /** After which a request counts as lost. */
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** How long a follower's fetch waits at the head. */
  readonly fetchWaitMs: number;
  /** Bytes of one fetch, unless the caller says otherwise. */
  readonly fetchBytes: number;
}

export const defaultLimits: KafkaLimits = {
  pendingBytes: 64 << 20,
  deadlineMs: 20_000,
  lingerMs: 0,
  sendBytes: 16 << 20,
  requestTimeoutMs: 10_000,
  connectTimeoutMs: 5_000,
  fetchWaitMs: 500,
  fetchBytes: 4 << 20,
};

const hour = 3_600_000;
export const defaultRetentionMs = { input: 24 * hour, output: 14 * 24 * hour };

export const limitsOf = (options: KafkaOptions): KafkaLimits => ({
  ...defaultLimits,
  ...options.limits,
});

/** The part that every client of the library takes. */
export function clientOptions(options: KafkaOptions): BaseOptions {
  const limits = limitsOf(options);
  const { tls, sasl } = options;
  return {
    clientId: options.clientId ?? 'seastate',
    bootstrapBrokers: [...options.brokers],
    connectTimeout: limits.connectTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    retries: 2,
    retryDelay: 250,
    ...(tls
      ? {
          tls: tlsOptions(tls),
          ...(tls.serverName === undefined ? {} : { tlsServerName: tls.serverName }),
        }
      : {}),
    ...(sasl ? { sasl: { ...sasl } } : {}),
  };
}

function tlsOptions(tls: KafkaTls): NonNullable<BaseOptions['tls']> {
  const { ca, cert, key, pfx, passphrase } = tls;
  return {
    ...(ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : [...ca] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(pfx === undefined ? {} : { pfx: Buffer.from(pfx) }),
    ...(passphrase === undefined ? {} : { passphrase }),
    rejectUnauthorized: tls.verify ?? true,
  };
}
