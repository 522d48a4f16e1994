import { SeastateError } from '../../core/errors.ts';
import type { KeptSnapshots } from '../../engine/runtime/embedded/kept.ts';
import type { KafkaOptions } from '../../log/kafka/options.ts';

/** One stage as the bridge runs it. */
export interface BridgeStage {
  readonly name: string;
  /** Input topic, by its name at the brokers. */
  readonly topic: string;
  readonly partitions: number;
  readonly epoch?: number;
  /** `earliest`, `latest`, or offsets as Spark's Kafka source takes them (JSON). */
  readonly startingOffsets?: string;
  /** Partitions of the output topics, by our names. */
  readonly targets: Readonly<Record<string, number>>;
  /** Names at the brokers by our names, where they differ. */
  readonly names?: Readonly<Record<string, string>>;
}

/** What `Main` of the bridge's jar takes: spark/README.md describes each field. */
export interface BridgeConfig {
  readonly brokers: string;
  readonly kafka: Readonly<Record<string, string>>;
  /** JSON file on the driver with further `kafka` options: a mounted secret. */
  readonly kafkaFile?: string;
  readonly checkpoint: string;
  readonly snapshots?: string;
  readonly triggerMs: number;
  readonly untilMs?: number;
  readonly maxOffsetsPerTrigger?: number;
  readonly metricsHost?: string;
  readonly metricsPort?: number;
  readonly snapshotEveryMs?: number;
  readonly kept?: KeptSnapshots;
  readonly tailBytesMax?: number;
  readonly deadlineMs?: number;
  readonly runners: number;
  readonly command: readonly string[];
  readonly endWithStdin?: boolean;
  readonly spark?: Readonly<Record<string, string>>;
  readonly stages: readonly BridgeStage[];
}

/** How a runner is started on an executor. */
export interface RunnerCommand {
  /** Node 24.6 or later; found on PATH when left out. */
  readonly node?: string;
  /** The runner program, or `files:NAME` where it is shipped with the job. */
  readonly entry: string;
  /** Heap of one runner, MiB. */
  readonly heapMiB?: number;
}

export const defaultHeapMiB = 512;

export function runnerCommand({ node, entry, heapMiB = defaultHeapMiB }: RunnerCommand): string[] {
  return [
    node ?? 'node',
    `--max-old-space-size=${heapMiB}`,
    '--max-semi-space-size=16',
    // Processors have no business with files and child processes.
    '--permission',
    '--allow-fs-read=*',
    entry,
  ];
}

/** Options of Kafka's Java client for the same access that our own client has. */
export function javaKafkaOptions({ tls, sasl }: Pick<KafkaOptions, 'tls' | 'sasl'>) {
  const options: Record<string, string> = {};
  if (tls) {
    if (tls.pfx) {
      throw new SeastateError('usage', 'Spark takes PEM: give tls.cert_file and tls.key_file');
    }
    const ca = Array.isArray(tls.ca) ? tls.ca.join('\n') : (tls.ca as string | undefined);
    if (ca !== undefined) {
      options['ssl.truststore.type'] = 'PEM';
      options['ssl.truststore.certificates'] = ca;
    }
    if (tls.cert !== undefined && tls.key !== undefined) {
      options['ssl.keystore.type'] = 'PEM';
      options['ssl.keystore.certificate.chain'] = tls.cert;
      options['ssl.keystore.key'] = tls.key;
      if (tls.passphrase !== undefined) options['ssl.key.password'] = tls.passphrase;
    }
    if (tls.verify === false) options['ssl.endpoint.identification.algorithm'] = '';
  }
  if (sasl) {
    const module = sasl.mechanism === 'PLAIN' ? 'plain.PlainLoginModule' : 'scram.ScramLoginModule';
    const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
    options['sasl.mechanism'] = sasl.mechanism;
    options['sasl.jaas.config'] =
      `org.apache.kafka.common.security.${module} required ` +
      `username=${quoted(sasl.username)} password=${quoted(sasl.password)};`;
  }
  if (sasl) options['security.protocol'] = tls ? 'SASL_SSL' : 'SASL_PLAINTEXT';
  else if (tls) options['security.protocol'] = 'SSL';
  return options;
}
