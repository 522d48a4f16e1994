import { readFileSync } from 'node:fs';
import { dataLayout } from './config/layout.ts';
import type { Config } from './config/schema.ts';
import type { JournalStats } from './log/journal/stats.ts';
import type { KafkaOptions } from './log/kafka/options.ts';
import type { Log, TopicSpec } from './log/log.ts';

export interface OpenLogParts {
  /** ms since the epoch. */
  readonly now: () => number;
  readonly warn: (fields: object, message: string) => void;
  /** Beside the process that writes; only journals know the difference. */
  readonly readOnly?: boolean;
}

/** A log, and what may be asked of the journals where it has them. */
export interface OpenedLog {
  readonly log: Log;
  journalStats(): Readonly<Record<string, JournalStats>>;
  /** Why nothing can be appended any more, once that is so. */
  failure(): Error | null;
}

/** Opens the log that the configuration names. Errors: as the journal's and Kafka's own. */
export async function openLog(
  { process }: Config,
  topics: readonly TopicSpec[],
  parts: OpenLogParts,
): Promise<OpenedLog> {
  if (process.log.type === 'kafka') {
    const { openKafkaLog } = await import('./log/kafka/kafka-log.ts');
    const options = kafkaOptionsOf(process.log.kafka!, topics, parts);
    const log = await openKafkaLog(
      parts.readOnly ? { ...options, create: false, warn: () => {} } : options,
    );
    return { log, journalStats: () => ({}), failure: () => null };
  }
  const { journal } = process.log;
  const limits = ({ retention, size_max }: typeof journal.input) => ({
    segmentBytes: journal.segment_size,
    retentionMs: retention,
    bytesMax: size_max,
  });
  const { openJournals } = await import('./log/journal/journals.ts');
  const log = await openJournals({
    dir: dataLayout(process.data).log,
    topics: [...topics],
    input: limits(journal.input),
    outputs: limits(journal.outputs),
    cacheBytes: journal.cache_size,
    pendingBytesMax: journal.pending_size_max,
    now: parts.now,
    readOnly: parts.readOnly ?? false,
  });
  return { log, journalStats: () => ({ ...log.journalStats() }), failure: () => log.failure };
}

type KafkaSection = NonNullable<Config['process']['log']['kafka']>;

export function kafkaOptionsOf(
  kafka: KafkaSection,
  topics: readonly TopicSpec[],
  { warn }: Pick<OpenLogParts, 'warn'>,
): KafkaOptions {
  const { create_topics, retention_input, retention_outputs } = kafka;
  return {
    ...kafkaConnectionOf(kafka),
    topics,
    names: kafka.topics,
    create: create_topics,
    retentionMs: { input: retention_input, output: retention_outputs },
    warn: (message, details) => warn(details, message),
    onTrouble: (error) => warn({ error: error.message }, 'trouble with the brokers'),
  };
}

/** Files are read here, once: a change of them needs a restart. */
export function kafkaConnectionOf({
  brokers,
  tls,
  sasl,
}: Pick<KafkaSection, 'brokers' | 'tls' | 'sasl'>): Pick<KafkaOptions, 'brokers' | 'tls' | 'sasl'> {
  const text = (path: string | undefined) =>
    path === undefined ? undefined : readFileSync(path, 'utf8');
  const [ca, cert, key] = [text(tls?.ca_file), text(tls?.cert_file), text(tls?.key_file)];
  return {
    brokers,
    ...(tls && {
      tls: {
        ...(ca !== undefined && { ca }),
        ...(cert !== undefined && { cert }),
        ...(key !== undefined && { key }),
        ...(tls.server_name !== undefined && { serverName: tls.server_name }),
      },
    }),
    ...(sasl && {
      sasl: {
        mechanism: sasl.mechanism,
        username: sasl.username,
        password: sasl.password ?? text(sasl.password_file)!.trim(),
      },
    }),
  };
}
