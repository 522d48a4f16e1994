import { messageOf, type SeastateError } from '../../core/errors.ts';
import { type KafkaLog, openForeignTopic } from '../../log/kafka/kafka-log.ts';
import type { KafkaOptions } from '../../log/kafka/options.ts';
import type { NewRecord } from '../../log/log.ts';
import { rejectedDataOf, rejectedRecord } from '../../log/rejected.ts';
import { PartitionMerge, type Placed } from './merge.ts';
import {
  type MadeRequest,
  type RecordReader,
  recordReader,
  type TopicFormat,
  type Unusable,
} from './records.ts';

export interface TopicSourceOptions {
  /** How it is called: `kafka/NAME` in `rejected`. */
  readonly name: string;
  readonly tenant: string;
  readonly kafka: Omit<KafkaOptions, 'topics' | 'names'>;
  readonly topic: string;
  readonly format: TopicFormat;
  /** Consumer group in which the progress is kept. */
  readonly group: string;
  /** Where to begin without committed offsets. */
  readonly start?: 'earliest' | 'latest';
  /** How long a record waits for slower partitions. */
  readonly holdMs?: number;
  /** Records taken at once, and samples of one request. */
  readonly batchRecords?: number;
  readonly decodedBytesMax?: number;
  /** Bytes of a record that `rejected` keeps. */
  readonly rejectedBytesMax?: number;
  readonly commitMs?: number;
}

/** What became of a request: as the gateway answers. */
export interface SourceAnswer {
  readonly outcome: 'written' | 'rejected' | 'too_large' | 'later';
  readonly message?: string;
}

export interface TopicSourceParts {
  /** Gives a request to the gateway in the name of the source; resolves when it is durable. */
  readonly write: (request: MadeRequest) => Promise<SourceAnswer>;
  /** Appends to the `rejected` topic. */
  readonly reject: (records: readonly NewRecord[]) => Promise<unknown>;
  /** ms */
  readonly now: () => number;
  readonly warn: (fields: object, message: string) => void;
}

export interface TopicSourceCounters {
  records: number;
  samples: number;
  requests: number;
  retries: number;
  readonly unusable: Map<string, number>;
  /** Requests of which the gateway refused something. */
  refused: number;
}

const defaults = {
  start: 'latest',
  holdMs: 2_000,
  batchRecords: 20_000,
  decodedBytesMax: 64 << 20,
  rejectedBytesMax: 512 << 10,
  commitMs: 1_000,
} as const;
const idleMs = 20;
const retryMs = 500;

/**
 * One reader of one topic of others: follows all its partitions without joining a group, merges
 * them by record time, makes requests for the gateway, and commits what was acknowledged. After a
 * crash some records are read again: repeats are harmless.
 */
export class TopicSource {
  readonly counters: TopicSourceCounters = {
    records: 0,
    samples: 0,
    requests: 0,
    retries: 0,
    unusable: new Map(),
    refused: 0,
  };
  readonly #options: Required<TopicSourceOptions>;
  readonly #parts: TopicSourceParts;
  readonly #log: KafkaLog;
  readonly #merge: PartitionMerge;
  readonly #reader: RecordReader;
  readonly #stop = new AbortController();
  /** Offset after the last acknowledged record, by partition. */
  readonly #done = new Map<number, number>();
  #committed = 0;
  #wake: (() => void) | undefined;
  #running: Promise<void> | undefined;

  private constructor(
    options: Required<TopicSourceOptions>,
    parts: TopicSourceParts,
    log: KafkaLog,
  ) {
    this.#options = options;
    this.#parts = parts;
    this.#log = log;
    const { format, batchRecords, decodedBytesMax } = options;
    this.#merge = new PartitionMerge(this.partitions, options.holdMs);
    this.#reader = recordReader({ format, requestSamples: batchRecords, decodedBytesMax });
  }

  /** Throws `topic_missing`, `log_unavailable`, `log_denied`. */
  static async open(options: TopicSourceOptions, parts: TopicSourceParts): Promise<TopicSource> {
    const log = await openForeignTopic(options.kafka, options.topic);
    return new TopicSource({ ...defaults, ...options }, parts, log);
  }

  get partitions(): number {
    return this.#log.topics.get(this.#options.topic)!.partitions;
  }

  /** Runs until `close`; rejects when the topic cannot be read any more. */
  run(): Promise<void> {
    this.#running ??= this.#run();
    return this.#running;
  }

  /** Ends the reading, waits for what is on its way, and commits it. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake?.();
    await this.#running?.catch(() => {});
    await this.#log.close();
  }

  async #run(): Promise<void> {
    const { group, topic } = this.#options;
    const committed = await this.#log.committed(group, topic);
    let failed: unknown;
    const lanes = Array.from({ length: this.partitions }, (_, partition) =>
      this.#follow(partition, committed.get(partition)).catch((error: unknown) => {
        failed ??= error;
        this.#wake?.();
      }),
    );
    const batch: Placed[] = [];
    while (!this.#stop.signal.aborted && failed === undefined) {
      batch.length = 0;
      this.#merge.drain(this.#parts.now(), this.#options.batchRecords, batch);
      this.#wake?.();
      if (batch.length > 0) await this.#write(batch);
      else await sleep(idleMs);
      if (this.#parts.now() - this.#committed >= this.#options.commitMs) await this.#commit();
    }
    this.#stop.abort();
    await Promise.all(lanes);
    await this.#commit();
    if (failed !== undefined) throw failed;
  }

  async #follow(partition: number, committed: number | undefined): Promise<void> {
    const { topic, start } = this.#options;
    const bounds = await this.#log.bounds(topic, partition);
    let at = committed ?? (start === 'earliest' ? bounds.first : bounds.next);
    if (at < bounds.first) {
      const lost = bounds.first - at;
      this.#parts.warn({ topic, partition, lost }, 'retention took records before they were read');
      at = bounds.first;
    }
    for await (const records of this.#log.follow(topic, partition, at, this.#stop.signal)) {
      while (!this.#merge.wants(partition) && !this.#stop.signal.aborted) await this.#turn();
      if (this.#stop.signal.aborted) return;
      this.#merge.put(partition, records, this.#parts.now());
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

  async #write(batch: readonly Placed[]): Promise<void> {
    const { requests, unusable } = this.#reader.read(batch);
    this.counters.records += batch.length;
    for (const request of requests) {
      if (!(await this.#deliver(request))) return;
    }
    if (unusable.length > 0 && !(await this.#reject(unusable))) return;
    for (const { partition, record } of batch) this.#done.set(partition, record.offset + 1);
  }

  /** Until it is durable; false where the source was closed before. */
  async #deliver(request: MadeRequest): Promise<boolean> {
    for (;;) {
      const answer = await this.#parts.write(request);
      if (answer.outcome !== 'later') {
        this.counters.requests++;
        this.counters.samples += request.samples;
        if (answer.outcome !== 'written') this.#refused(answer);
        return true;
      }
      this.counters.retries++;
      if (this.#stop.signal.aborted) return false;
      await sleep(retryMs);
    }
  }

  #refused({ message }: SourceAnswer): void {
    this.counters.refused++;
    const { topic } = this.#options;
    this.#parts.warn({ topic, message }, 'the gateway refused something of a foreign topic');
  }

  async #reject(unusable: readonly Unusable[]): Promise<boolean> {
    const records = unusable.map((one) => this.#rejected(one));
    for (const { reason } of unusable) {
      this.counters.unusable.set(reason, (this.counters.unusable.get(reason) ?? 0) + 1);
    }
    for (;;) {
      try {
        await this.#parts.reject(records);
        return true;
      } catch (error) {
        if ((error as SeastateError).retry !== 'later') throw error;
        this.counters.retries++;
        if (this.#stop.signal.aborted) return false;
        await sleep(retryMs);
      }
    }
  }

  #rejected({ placed: { partition, record }, reason, error }: Unusable): NewRecord {
    const { topic, format, name, tenant, rejectedBytesMax } = this.#options;
    const why = { source: `kafka/${name}`, topic, partition, format, reason, error };
    const data = rejectedDataOf(why, record, rejectedBytesMax);
    return rejectedRecord(data, tenant, this.#parts.now());
  }

  async #commit(): Promise<void> {
    this.#committed = this.#parts.now();
    if (this.#done.size === 0) return;
    const { group, topic } = this.#options;
    const offsets = new Map(this.#done);
    try {
      await this.#log.commit(group, topic, offsets);
      for (const [partition, offset] of offsets) {
        if (this.#done.get(partition) === offset) this.#done.delete(partition);
      }
    } catch (error) {
      this.#parts.warn({ topic, error: messageOf(error) }, 'offsets could not be committed');
    }
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
