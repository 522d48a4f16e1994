import type { TopicFormat } from '../../config/sources.ts';
import type { SeastateError } from '../../core/errors.ts';
import { type KafkaLog, openForeignTopic } from '../../log/kafka/kafka-log.ts';
import type { KafkaOptions } from '../../log/kafka/options.ts';
import { newCounters, type SourceCounters } from '../counters.ts';
import { within } from '../deadline.ts';
import type { ClusterRule } from '../kubernetes/owned-events.ts';
import { Delivery, type DeliveryParts } from './delivery.ts';
import { GroupOffsets } from './group-offsets.ts';
import { PartitionMerge, type Placed } from './merge.ts';
import { recordReader } from './records.ts';

export interface TopicSourceOptions {
  /** How it is called: `kafka/NAME` in `rejected`. */
  readonly name: string;
  readonly tenant: string;
  readonly kafka: Omit<KafkaOptions, 'topics' | 'names'>;
  readonly topic: string;
  readonly format: TopicFormat;
  /** Consumer group in which the progress is kept. */
  readonly group: string;
  /** Of Kubernetes events. */
  readonly clusters?: ClusterRule;
  /** Where to begin without committed offsets. */
  readonly start?: 'earliest' | 'latest';
  /** How long a record waits for slower partitions. */
  readonly holdMs?: number;
  /** Records taken at once, and samples of one request. */
  readonly batchRecords?: number;
  readonly decodedBytesMax?: number;
  /** One record of Kubernetes events. */
  readonly eventBytesMax?: number;
  /** Bytes of a record that `rejected` keeps. */
  readonly rejectedBytesMax?: number;
  readonly commitMs?: number;
}

export interface TopicSourceParts extends DeliveryParts {
  /** ms, never going back. */
  readonly elapsed: () => number;
  readonly warn: (fields: object, message: string) => void;
  readonly counters?: SourceCounters;
  /** Told when it is known, and committed, where it begins: what comes from now on is read. */
  readonly onReading?: () => void;
}

const defaults = {
  clusters: { fields: [], cluster: undefined },
  start: 'latest',
  holdMs: 2_000,
  batchRecords: 20_000,
  decodedBytesMax: 64 << 20,
  eventBytesMax: 4 << 20,
  rejectedBytesMax: 512 << 10,
  commitMs: 1_000,
} as const;
const idleMs = 20;
const closeMs = 3_000;
/** How often the brokers are asked how much there is. */
const lookMs = 5_000;

/**
 * One reader of one topic of others: follows all its partitions without joining a group, merges
 * them by record time, gives them to the gateway, and commits what was acknowledged. After a crash
 * some records are read again: repeats are harmless.
 */
export class TopicSource {
  readonly counters: SourceCounters;
  readonly #options: Required<TopicSourceOptions>;
  readonly #parts: TopicSourceParts;
  readonly #log: KafkaLog;
  readonly #merge: PartitionMerge;
  readonly #offsets: GroupOffsets;
  readonly #delivery: Delivery;
  readonly #stop = new AbortController();
  #committed = 0;
  #looked = Number.NEGATIVE_INFINITY;
  #failed: unknown;
  #wake: (() => void) | undefined;
  #running: Promise<void> | undefined;

  private constructor(
    options: Required<TopicSourceOptions>,
    parts: TopicSourceParts,
    log: KafkaLog,
  ) {
    const { topic, group, format, batchRecords, decodedBytesMax, clusters, eventBytesMax } =
      options;
    this.counters = parts.counters ?? newCounters();
    this.#options = options;
    this.#parts = parts;
    this.#log = log;
    const { counters, partitions } = this;
    this.#merge = new PartitionMerge(partitions, options.holdMs);
    this.#offsets = new GroupOffsets({ group, topic, partitions }, { ...parts, log, counters });
    const events = { rule: clusters, bytesMax: eventBytesMax, now: parts.now };
    const requestSamples = batchRecords;
    const reader = recordReader({ format, requestSamples, decodedBytesMax, events });
    this.#delivery = new Delivery(options, parts, reader, counters, this.#stop.signal);
  }

  /** Throws `topic_missing`, `log_unavailable` (also where `signal` aborts it), `log_denied`. */
  static async open(
    options: TopicSourceOptions,
    parts: TopicSourceParts,
    signal?: AbortSignal,
  ): Promise<TopicSource> {
    const log = await openForeignTopic(options.kafka, options.topic, signal);
    return new TopicSource({ ...defaults, ...options }, parts, log);
  }

  get partitions(): number {
    return this.#log.topics.get(this.#options.topic)!.partitions;
  }

  /** Records that are not read yet; null where it is not known. */
  get lag(): number | null {
    return this.#offsets.lag;
  }

  /** Runs until `close`; rejects when the topic cannot be read any more. */
  run(): Promise<void> {
    this.#running ??= this.#run();
    return this.#running;
  }

  /**
   * Ends the reading, waits for what is on its way, and commits it; where that takes long, mostly
   * because the brokers do not answer, what is not committed is read again.
   */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake?.();
    const ended = Promise.resolve(this.#running).catch(() => {});
    await within(closeMs, ended);
    await this.#log.close();
    await ended;
  }

  async #run(): Promise<void> {
    const starts = await this.#offsets.begin(this.#options.start);
    this.#parts.onReading?.();
    const lanes = starts.map((at, partition) =>
      this.#follow(partition, at).catch((error: unknown) => this.#fail(error)),
    );
    const { elapsed } = this.#parts;
    const batch: Placed[] = [];
    while (!this.#stop.signal.aborted) {
      batch.length = 0;
      this.#merge.drain(elapsed(), this.#options.batchRecords, batch);
      this.#wake?.();
      if (batch.length === 0) await sleep(idleMs);
      else if (await this.#delivery.deliver(batch)) {
        for (const { partition, record } of batch) {
          this.#offsets.done(partition, record.offset + 1);
        }
      }
      if (elapsed() - this.#committed >= this.#options.commitMs) await this.#commit();
      if (elapsed() - this.#looked >= lookMs) this.#look();
    }
    await Promise.all(lanes);
    await this.#commit();
    if (this.#failed !== undefined) throw this.#failed;
  }

  #fail(error: unknown): void {
    this.#failed ??= error;
    this.#stop.abort();
    this.#wake?.();
  }

  async #follow(partition: number, at: number): Promise<void> {
    const { topic } = this.#options;
    for await (const records of this.#log.follow(topic, partition, at, this.#stop.signal)) {
      while (!this.#merge.wants(partition) && !this.#stop.signal.aborted) await this.#turn();
      if (this.#stop.signal.aborted) return;
      this.#merge.put(partition, records, this.#parts.elapsed());
    }
  }

  /** Resolves when records were taken out of the merge. */
  #turn(): Promise<void> {
    const before = this.#wake;
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        before?.();
        resolve();
      };
    });
  }

  #commit(): Promise<void> {
    this.#committed = this.#parts.elapsed();
    return this.#offsets.commit();
  }

  /** Holds up nobody: the brokers may take their time. */
  #look(): void {
    this.#looked = Number.POSITIVE_INFINITY;
    void this.#offsets
      .look()
      .catch((error: unknown) => {
        if ((error as SeastateError).code === 'topic_grew') this.#fail(error);
        this.#offsets.lag = null;
      })
      .finally(() => {
        this.#looked = this.#parts.elapsed();
      });
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
