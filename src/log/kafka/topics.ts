import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from '@platformatic/kafka';
import { SeastateError } from '../../core/errors.ts';
import type { TopicSpec } from '../log.ts';
import { telemetryTopic } from '../topics.ts';
import { Doors } from './doors.ts';
import { hasApiCode, kafkaError, kafkaErrors } from './errors.ts';
import { defaultRetentionMs, type KafkaOptions } from './options.ts';

/** A topic as the brokers have it. */
export interface KafkaTopic {
  readonly spec: TopicSpec;
  /** Its name at the brokers. */
  readonly name: string;
  /** Its id: another one means that the topic was deleted and made anew. */
  readonly id: string;
  /** `max.message.bytes`: what a batch may take. */
  readonly batchBytes: number;
}

export const nameOf = (options: KafkaOptions, topic: string): string =>
  options.names?.[topic] ?? topic;

/**
 * Creates the topics that are missing, with our settings, and checks those that exist; tells
 * `warn` those with fewer replicas than there are brokers for. Throws `topic_mismatch`
 * (partitions, time, clean-up) and `topic_missing` where creating is off.
 */
export async function ensureTopics(
  admin: Admin,
  options: KafkaOptions,
): Promise<ReadonlyMap<string, KafkaTopic>> {
  const what = `topics at ${options.brokers.join(', ')}`;
  try {
    const there = new Set(await admin.listTopics({ includeInternals: false }));
    const absent = options.topics.filter(({ name }) => !there.has(nameOf(options, name)));
    if (absent.length > 0 && options.create !== false) await waitForNamed(admin, options);
    for (const spec of absent) {
      const name = nameOf(options, spec.name);
      if (options.create === false) throw missing(name, spec);
      await create(admin, spec, name, options);
    }
    return await check(admin, options);
  } catch (error) {
    throw kafkaError(error, what);
  }
}

/** A topic of others, as the brokers have it; nothing of it is checked. */
export async function findTopic(admin: Admin, name: string): Promise<KafkaTopic> {
  try {
    const there = await admin.listTopics({ includeInternals: false });
    if (!there.includes(name)) {
      const message = `topic ${name} does not exist at the brokers: is its name right?`;
      throw new SeastateError('topic_missing', message);
    }
    const found = (await metadataOf(admin, [name])).topics.get(name)!;
    const spec = { name, partitions: found.partitionsCount };
    return { spec, name, id: found.id, batchBytes: defaultBatchBytes };
  } catch (error) {
    throw kafkaError(error, `topic ${name}`);
  }
}

const defaultBatchBytes = 1_000_000;
/** Brokers that start, and topics that were just made, are asked again for five seconds. */
const readyTries = 50;
const readyPauseMs = 100;
/** Brokers that are named and not there yet, before topics are made, for fifteen. */
const namedTries = 150;
/** One that answers may be counted by the others a moment later. */
const countedTries = 20;

/** Copies of a topic where there are so many brokers. */
const replicasFor = (brokers: number): number => Math.min(3, brokers);

/**
 * While a cluster starts, topics would get fewer replicas, for good: waits until there are as many
 * brokers as addresses are named, or all of these answer, for several may be those of one broker.
 */
async function waitForNamed(admin: Admin, { brokers: named, warn }: KafkaOptions): Promise<void> {
  const doors = new Doors(named);
  try {
    for (let left = namedTries, answered = 0; left > 0 && answered < countedTries; left--) {
      const { brokers } = await admin.metadata({ topics: [], forceUpdate: true });
      if (brokers.size >= replicasFor(named.length)) return;
      doors.knock();
      await sleep(readyPauseMs);
      if (doors.silent.length === 0) answered++;
    }
    const { silent } = doors;
    if (silent.length > 0) warn?.(notThere, { brokers: silent });
  } finally {
    doors.close();
  }
}

const missing = (name: string, spec: TopicSpec): SeastateError =>
  new SeastateError(
    'topic_missing',
    `topic ${name} does not exist and may not be created: create it with ` +
      `${spec.partitions} partitions and message.timestamp.type=LogAppendTime`,
  );

async function create(
  admin: Admin,
  spec: TopicSpec,
  name: string,
  options: KafkaOptions,
): Promise<void> {
  const retention = { ...defaultRetentionMs, ...options.retentionMs };
  const retentionMs = spec.name === telemetryTopic ? retention.input : retention.output;
  for (let left = readyTries; ; left--) {
    const { brokers } = await admin.metadata({ topics: [], forceUpdate: true });
    const replicas = replicasFor(brokers.size);
    const configs = {
      'message.timestamp.type': 'LogAppendTime',
      'cleanup.policy': 'delete',
      'retention.ms': String(retentionMs),
      'min.insync.replicas': String(Math.max(1, replicas - 1)),
      'unclean.leader.election.enable': 'false',
    };
    try {
      if (replicas === 0) throw notReady(name);
      await admin.createTopics({
        topics: [name],
        partitions: spec.partitions,
        replicas,
        configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
      });
      return;
    } catch (error) {
      // Another process was faster: it is checked like any topic that exists.
      if (hasApiCode(error, kafkaErrors.topicExists)) return;
      // Brokers that have just started are not counted yet.
      const isNotReady = replicas === 0 || hasApiCode(error, kafkaErrors.invalidReplicationFactor);
      if (!isNotReady) throw error;
      if (left === 0) throw notReady(name, error);
    }
    await sleep(readyPauseMs);
  }
}

const notReady = (name: string, cause?: unknown): SeastateError =>
  new SeastateError(
    'log_unavailable',
    `topic ${name} cannot be created: too few brokers are there yet`,
    { cause, retry: 'later' },
  );

async function check(
  admin: Admin,
  options: KafkaOptions,
): Promise<ReadonlyMap<string, KafkaTopic>> {
  const names = options.topics.map((spec) => nameOf(options, spec.name));
  const metadata = await metadataOf(admin, names);
  const described = await admin.describeConfigs({
    resources: names.map((resourceName) => ({
      resourceType: 2,
      resourceName,
      configurationKeys: ['message.timestamp.type', 'cleanup.policy', 'max.message.bytes'],
    })),
  });
  const topics = new Map<string, KafkaTopic>();
  const wanted = replicasFor(metadata.brokers.size);
  const few: Record<string, number> = {};
  for (const spec of options.topics) {
    const name = nameOf(options, spec.name);
    const topic = metadata.topics.get(name)!;
    const configs = described.find((one) => one.resourceName === name)?.configs ?? [];
    const config = (key: string): string => configs.find((one) => one.name === key)?.value ?? '';
    if (topic.partitionsCount !== spec.partitions) {
      throw mismatch(name, `it has ${topic.partitionsCount} partitions, not ${spec.partitions}`);
    }
    if (config('message.timestamp.type') !== 'LogAppendTime') {
      throw mismatch(name, 'message.timestamp.type is not LogAppendTime, which log time needs');
    }
    if (config('cleanup.policy') !== 'delete') {
      throw mismatch(name, `cleanup.policy is ${config('cleanup.policy')}, which loses records`);
    }
    const replicas = Math.min(...topic.partitions.map((partition) => partition.replicas.length));
    if (replicas < wanted) few[name] = replicas;
    const batchBytes = Number(config('max.message.bytes'));
    topics.set(spec.name, { spec, name, id: topic.id, batchBytes });
  }
  if (Object.keys(few).length > 0) options.warn?.(fewReplicas, { replicas: few, wanted });
  return topics;
}

const notThere =
  'brokers that are named do not answer: topics that are made now get replicas on the others only';
const fewReplicas =
  'topics have fewer replicas than there are brokers for: raise them with ' +
  'kafka-reassign-partitions.sh and kafka-configs.sh, as docs/how-to/kafka-and-spark.md says';

/** A topic that was just made may not be known to every broker yet: asked again for a while. */
async function metadataOf(admin: Admin, topics: string[]) {
  for (let left = readyTries; ; left--) {
    try {
      const found = await admin.metadata({ topics, forceUpdate: true });
      const led = [...found.topics.values()].every((topic) =>
        topic?.partitions.every((partition) => partition.leader >= 0),
      );
      if (led || left === 0) return found;
    } catch (error) {
      if (left === 0) throw error;
    }
    await sleep(readyPauseMs);
  }
}

function mismatch(name: string, why: string): SeastateError {
  const message = `topic ${name} cannot be used: ${why}. Mend it, or name another one in log.names`;
  return new SeastateError('topic_mismatch', message);
}
