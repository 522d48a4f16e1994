import { SeastateError } from '../../core/errors.ts';
import { type BridgeConfig, defaultHeapMiB } from './bridge-config.ts';

export const sparkVersion = '4.2.0';

export interface SubmitOptions {
  /** `k8s://...`, `yarn`, `spark://...` */
  readonly master: string;
  readonly executors: number;
  readonly cores: number;
  /** Heap of an executor, MiB. */
  readonly memoryMiB: number;
  readonly runnerHeapMiB?: number;
  /** Paths or URLs. */
  readonly jar: string;
  /** Shipped with the job and found by `files:NAME` in `command`. */
  readonly files?: readonly string[];
  /** JSON file with the options of Kafka's client, where the driver finds it: a mounted secret. */
  readonly kafkaFile?: string;
}

/** RocksDB's bounded memory and what Spark itself takes outside of the heap, MiB. */
const rocksMiB = 256;
const sparkOverheadMiB = 384;
/** What a Node process takes besides its heap, MiB. */
const nodeOverheadMiB = 150;

/**
 * MiB of a container beside the JVM's heap. The runners count there: without it the container is
 * killed, because Spark gives a Java application 10 % only.
 */
export function memoryOverheadMiB(
  options: Pick<SubmitOptions, 'memoryMiB' | 'runnerHeapMiB'>,
  runners: number,
): number {
  const heapMiB = options.runnerHeapMiB ?? defaultHeapMiB;
  const own = Math.max(sparkOverheadMiB, Math.ceil(options.memoryMiB * 0.1));
  return own + rocksMiB + runners * (heapMiB + nodeOverheadMiB);
}

const secretOptions = ['sasl.jaas.config', 'ssl.keystore.key', 'ssl.key.password'];

function withoutSecrets(config: BridgeConfig, kafkaFile: string | undefined): BridgeConfig {
  if (kafkaFile !== undefined) return { ...config, kafka: {}, kafkaFile };
  const secret = secretOptions.find((name) => name in config.kafka);
  if (secret === undefined) return config;
  throw new SeastateError(
    'usage',
    `${secret} would stand in the command line: put the options of Kafka's client into a secret ` +
      'that is mounted in the driver, as a JSON file, and name it with --kafka-file',
  );
}

/** Program and arguments of spark-submit for a cluster; throws `usage` rather than show secrets. */
export function submitCommand(given: BridgeConfig, options: SubmitOptions): string[] {
  const config = withoutSecrets(given, options.kafkaFile);
  const settings = {
    'spark.executor.instances': String(options.executors),
    'spark.executor.cores': String(options.cores),
    'spark.executor.memory': `${options.memoryMiB}m`,
    'spark.executor.memoryOverhead': `${memoryOverheadMiB(options, config.runners * config.stages.length)}m`,
    'spark.task.maxFailures': '4',
    ...config.spark,
  };
  return [
    'spark-submit',
    '--master',
    options.master,
    '--deploy-mode',
    'cluster',
    '--class',
    'io.seastate.spark.Main',
    '--packages',
    `org.apache.spark:spark-sql-kafka-0-10_2.13:${sparkVersion}`,
    ...(options.files?.length ? ['--files', options.files.join(',')] : []),
    ...Object.entries(settings).flatMap(([name, value]) => ['--conf', `${name}=${value}`]),
    options.jar,
    JSON.stringify(config),
  ];
}

/** A command as a line for a shell. */
export const shellLine = (command: readonly string[]): string =>
  command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : quote(word))).join(' ');

const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
