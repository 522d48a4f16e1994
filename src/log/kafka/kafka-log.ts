import type { Admin, Producer } from '@platformatic/kafka';
import { SeastateError } from '../../core/errors.ts';
import type { Bounds, Log, LogRecord, NewRecord, TopicSpec } from '../log.ts';
import { kafkaError } from './errors.ts';
import { type Fetched, Fetcher, gone } from './fetcher.ts';
import { clientOptions, type KafkaLimits, type KafkaOptions, limitsOf } from './options.ts';
import { KafkaWriter } from './producer.ts';
import { ensureTopics, findTopic, type KafkaTopic } from './topics.ts';

type Library = typeof import('@platformatic/kafka');

/** How much of what retention still holds the newest snapshot needs. */
export interface Backlog extends Bounds {
  readonly topic: string;
  readonly partition: number;
  readonly kept: number;
  /** (next - kept) / (next - first): over 0.5 alarms, above 1 records were lost. */
  readonly share: number;
}

const backoffMs = { first: 100, most: 5_000 };
const timestamps = { first: -2n, next: -1n };

/**
 * Connects, and creates or checks the topics. Throws `log_unavailable`, `log_denied`,
 * `topic_missing`, `topic_mismatch`.
 */
export function openKafkaLog(options: KafkaOptions): Promise<KafkaLog> {
  return open(options, (admin) => ensureTopics(admin, options));
}

/** A topic of others, as it is: for reading, with the offsets of a group. `signal` ends the try. */
export async function openForeignTopic(
  options: Omit<KafkaOptions, 'topics' | 'names'>,
  topic: string,
  signal?: AbortSignal,
): Promise<KafkaLog> {
  const all = { ...options, topics: [] };
  return open(all, async (admin) => {
    // Without its connections it fails at once.
    const abort = (): void => void admin.close().catch(() => {});
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
    try {
      return new Map([[topic, await findTopic(admin, topic)]]);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  });
}

async function open(
  options: KafkaOptions,
  find: (admin: Admin) => Promise<ReadonlyMap<string, KafkaTopic>>,
): Promise<KafkaLog> {
  const library = await import('@platformatic/kafka');
  const base = clientOptions(options);
  const limits = limitsOf(options);
  const admin = new library.Admin(base);
  try {
    const topics = await find(admin);
    const producer = new library.Producer({
      ...base,
      idempotent: true,
      compression: options.compression ?? 'none',
      // Repeats within one send keep its sequence numbers, so that the broker drops repeats.
      retries: Math.max(2, Math.ceil(limits.deadlineMs / 250)),
    });
    return new KafkaLog(library, options, limits, admin, producer, topics);
  } catch (error) {
    await admin.close();
    throw error;
  }
}

/** The log on Kafka: explicit partitions, acks=all, no consumer groups. */
export class KafkaLog implements Log {
  readonly topics: ReadonlyMap<string, TopicSpec>;
  readonly #library: Library;
  readonly #options: KafkaOptions;
  readonly #limits: KafkaLimits;
  readonly #admin: Admin;
  readonly #producer: Producer;
  readonly #writer: KafkaWriter;
  readonly #topics: ReadonlyMap<string, KafkaTopic>;
  readonly #kept = new Map<string, number>();
  readonly #readers = new Map<string, Reader>();
  readonly #closing = new AbortController();

  constructor(
    library: Library,
    options: KafkaOptions,
    limits: KafkaLimits,
    admin: Admin,
    producer: Producer,
    topics: ReadonlyMap<string, KafkaTopic>,
  ) {
    this.#library = library;
    this.#options = options;
    this.#limits = limits;
    this.#admin = admin;
    this.#producer = producer;
    this.#topics = topics;
    this.#writer = new KafkaWriter(producer, limits, () => performance.now());
    this.topics = new Map([...topics.values()].map(({ spec }) => [spec.name, spec]));
  }

  /** Bytes appended and not yet acknowledged. */
  get pendingBytes(): number {
    return this.#writer.pendingBytes;
  }

  append(topic: string, partition: number, records: readonly NewRecord[]): Promise<number> {
    try {
      return this.#writer.append(this.#topic(topic, partition), partition, records);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async read(
    topic: string,
    partition: number,
    offset: number,
    bytesMax = this.#limits.fetchBytes,
  ): Promise<readonly LogRecord[]> {
    const key = `${topic}/${partition}`;
    let reader = this.#readers.get(key);
    if (!reader) {
      reader = this.#reader(topic, partition);
      this.#readers.set(key, reader);
    }
    let at = offset;
    for (;;) {
      const fetched = await reader.fetch(at, bytesMax, 0);
      if (fetched.records.length > 0 || fetched.next >= fetched.head) return fetched.records;
      if (fetched.next === at) return fetched.records;
      at = fetched.next;
    }
  }

  /** Waits out brokers that are away; ends by `offset_gone`, a deleted topic or a refusal. */
  async *follow(
    topic: string,
    partition: number,
    offset: number,
    signal: AbortSignal,
  ): AsyncIterable<readonly LogRecord[]> {
    const reader = this.#reader(topic, partition);
    const stop = AbortSignal.any([signal, this.#closing.signal]);
    const abort = (): void => void reader.close();
    stop.addEventListener('abort', abort);
    let at = offset;
    let backoff = backoffMs.first;
    try {
      while (!stop.aborted) {
        try {
          const { fetchBytes, fetchWaitMs } = this.#limits;
          const fetched = await reader.fetch(at, fetchBytes, fetchWaitMs);
          at = fetched.next;
          backoff = backoffMs.first;
          if (fetched.records.length > 0) yield fetched.records;
        } catch (error) {
          if (stop.aborted) return;
          if ((error as SeastateError).code !== 'log_unavailable') throw error;
          this.#options.onTrouble?.(error as Error);
          await pause(backoff, stop);
          backoff = Math.min(backoff * 2, backoffMs.most);
        }
      }
    } finally {
      stop.removeEventListener('abort', abort);
      await reader.close();
    }
  }

  async bounds(topic: string, partition: number): Promise<Bounds> {
    const first = await this.#listOffset(topic, partition, timestamps.first);
    const next = await this.#listOffset(topic, partition, timestamps.next);
    return { first: first!, next: next! };
  }

  async offsetAt(topic: string, partition: number, timeMs: number): Promise<number> {
    const found = await this.#listOffset(topic, partition, BigInt(Math.ceil(timeMs)));
    return found ?? (await this.bounds(topic, partition)).next;
  }

  /** Kafka's retention cannot be held up: `backlogs` tells how near it is. */
  keepFrom(topic: string, partition: number, offset: number): void {
    this.#topic(topic, partition);
    this.#kept.set(`${topic}/${partition}`, offset);
  }

  /** How near retention is to what is still needed, of every partition given to `keepFrom`. */
  async backlogs(): Promise<Backlog[]> {
    const wanted = [...this.#kept].map(async ([key, kept]) => {
      const slash = key.lastIndexOf('/');
      const topic = key.slice(0, slash);
      const partition = Number(key.slice(slash + 1));
      const { first, next } = await this.bounds(topic, partition);
      const share = next === first ? 0 : (next - kept) / (next - first);
      return { topic, partition, kept, first, next, share };
    });
    return Promise.all(wanted);
  }

  /** Offsets that a group has committed, by partition; none where it has not. */
  async committed(group: string, topic: string): Promise<ReadonlyMap<number, number>> {
    const { name, spec } = this.#topic(topic, 0);
    const partitionIndexes = Array.from({ length: spec.partitions }, (_, i) => i);
    try {
      const [found] = await this.#admin.listConsumerGroupOffsets({
        groups: [{ groupId: group, topics: [{ name, partitionIndexes }] }],
      });
      const partitions = found?.topics.find((one) => one.name === name)?.partitions ?? [];
      const known = partitions.filter((one) => one.committedOffset >= 0n);
      return new Map(known.map((one) => [one.partitionIndex, Number(one.committedOffset)]));
    } catch (error) {
      throw kafkaError(error, `offsets of group ${group}`);
    }
  }

  /** Commits offsets (of the next record) by partition for a group without members. */
  async commit(group: string, topic: string, offsets: ReadonlyMap<number, number>): Promise<void> {
    const { name } = this.#topic(topic, 0);
    const partitionOffsets = [...offsets].map(([partition, offset]) => ({
      partition,
      offset: BigInt(offset),
    }));
    try {
      await this.#admin.alterConsumerGroupOffsets({
        groupId: group,
        topics: [{ name, partitionOffsets }],
      });
    } catch (error) {
      throw kafkaError(error, `offsets of group ${group}`);
    }
  }

  /** Offset of the next record of every partition, as the brokers know it now. */
  async heads(topic: string): Promise<number[]> {
    const { name, spec } = this.#topic(topic, 0);
    const all = Array.from({ length: spec.partitions }, (_, partitionIndex) => partitionIndex);
    const timestamp = timestamps.next;
    try {
      const found = await this.#admin.listOffsets({
        topics: [
          { name, partitions: all.map((partitionIndex) => ({ partitionIndex, timestamp })) },
        ],
        isolationLevel: 1,
      });
      const heads = all.map(() => 0);
      for (const { partitions } of found) {
        for (const one of partitions) heads[one.partitionIndex] = Number(one.offset);
      }
      return heads;
    } catch (error) {
      throw kafkaError(error, `offsets of ${name}`);
    }
  }

  /** How many partitions the topic has by now: others may add some. */
  async partitionsNow(topic: string): Promise<number> {
    const { name } = this.#topic(topic, 0);
    try {
      const found = await this.#admin.metadata({ topics: [name], forceUpdate: true });
      return found.topics.get(name)?.partitionsCount ?? 0;
    } catch (error) {
      throw kafkaError(error, `topic ${name}`);
    }
  }

  /** Number of the broker that leads the partition now; -1 where none does. */
  async leader(topic: string, partition: number): Promise<number> {
    const { name } = this.#topic(topic, partition);
    const found = await this.#admin.metadata({ topics: [name], forceUpdate: true });
    return found.topics.get(name)?.partitions[partition]?.leader ?? -1;
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    await this.#writer.close();
    await Promise.all([...this.#readers.values()].map((reader) => reader.close()));
    await this.#producer.close(true).catch(() => {});
    await this.#admin.close().catch(() => {});
  }

  #topic(topic: string, partition: number): KafkaTopic {
    const found = this.#topics.get(topic);
    if (!found) throw new SeastateError('topic_missing', `topic ${topic} is not configured`);
    // The library would take a number out of range modulo the count.
    if (!(Number.isInteger(partition) && partition >= 0 && partition < found.spec.partitions)) {
      const message = `${topic} has partitions 0 to ${found.spec.partitions - 1}, not ${partition}`;
      throw new SeastateError('partition_missing', message);
    }
    return found;
  }

  #reader(topic: string, partition: number): Reader {
    const found = this.#topic(topic, partition);
    const pool = new this.#library.ConnectionPool(
      this.#options.clientId ?? 'seastate',
      clientOptions(this.#options),
    );
    const fetcher = new Fetcher(this.#library, this.#admin, pool, found, partition);
    return new Reader(
      `reading ${found.name}/${partition}`,
      fetcher,
      () => pool.close(),
      () => this.bounds(topic, partition),
    );
  }

  async #listOffset(topic: string, partition: number, timestamp: bigint) {
    const { name } = this.#topic(topic, partition);
    try {
      const found = await this.#admin.listOffsets({
        topics: [{ name, partitions: [{ partitionIndex: partition, timestamp }] }],
        isolationLevel: 1,
      });
      const offset = Number(found[0]!.partitions[0]!.offset);
      return offset < 0 ? undefined : offset;
    } catch (error) {
      throw kafkaError(error, `offsets of ${name}/${partition}`);
    }
  }
}

/** A fetcher whose calls wait for each other, with its connections. */
class Reader {
  readonly #name: string;
  readonly #fetcher: Fetcher;
  readonly #end: () => Promise<void>;
  readonly #bounds: () => Promise<Bounds>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    name: string,
    fetcher: Fetcher,
    end: () => Promise<void>,
    bounds: () => Promise<Bounds>,
  ) {
    this.#name = name;
    this.#fetcher = fetcher;
    this.#end = end;
    this.#bounds = bounds;
  }

  fetch(offset: number, bytesMax: number, waitMs: number): Promise<Fetched> {
    const call = this.#last.then(() => this.#fetch(offset, bytesMax, waitMs));
    this.#last = call.catch(() => {});
    return call;
  }

  async #fetch(offset: number, bytesMax: number, waitMs: number): Promise<Fetched> {
    try {
      return await this.#fetcher.fetch(offset, bytesMax, waitMs);
    } catch (error) {
      if ((error as SeastateError).code !== 'offset_gone') throw error;
      const { first, next } = await this.#bounds();
      // A reader at the head of a follower that was slow to learn of it is not behind retention.
      if (offset >= first && offset <= next) return { records: [], next: offset, head: next };
      throw gone(this.#name, offset, { first, head: next });
    }
  }

  close(): Promise<void> {
    return this.#end().catch(() => {});
  }
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    }
    stop.addEventListener('abort', done);
  });
}
