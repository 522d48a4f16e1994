import { messageOf, SeastateError } from '../../core/errors.ts';
import type { KafkaLog } from '../../log/kafka/kafka-log.ts';
import type { SourceCounters } from '../counters.ts';

export interface GroupOffsetsOptions {
  readonly group: string;
  readonly topic: string;
  readonly partitions: number;
}

export interface GroupOffsetsParts {
  readonly log: KafkaLog;
  readonly counters: SourceCounters;
  readonly warn: (fields: object, message: string) => void;
}

/** Trouble with commits is told again after this time. */
const tellAgainMs = 60_000;

/**
 * How far a topic has been read: the offset after the last durable record of each partition,
 * committed for a consumer group that nobody joins, so that any tool for Kafka shows the lag.
 */
export class GroupOffsets {
  readonly #options: GroupOffsetsOptions;
  readonly #parts: GroupOffsetsParts;
  readonly #next: number[];
  readonly #dirty = new Set<number>();
  #told = Number.NEGATIVE_INFINITY;
  /** Records that are not read yet, as of the last look; null before it. */
  lag: number | null = null;

  constructor(options: GroupOffsetsOptions, parts: GroupOffsetsParts) {
    this.#options = options;
    this.#parts = parts;
    this.#next = Array.from({ length: options.partitions }, () => 0);
  }

  /**
   * Where each partition begins. Without committed offsets `start` says it, and it is committed at
   * once: what comes while we are away is then not missed. Partitions that were added later begin
   * at their first record.
   */
  async begin(start: 'earliest' | 'latest'): Promise<readonly number[]> {
    const { group, topic, partitions } = this.#options;
    const { log, counters, warn } = this.#parts;
    const committed = await log.committed(group, topic);
    const atFirst = start === 'earliest' || committed.size > 0;
    for (let partition = 0; partition < partitions; partition++) {
      const { first, next } = await log.bounds(topic, partition);
      const known = committed.get(partition);
      let at = known ?? (atFirst ? first : next);
      if (at < first) {
        counters.lost += first - at;
        warn(
          { topic, partition, lost: first - at },
          'retention took records before they were read',
        );
        at = first;
      } else if (at > next) {
        warn({ topic, partition }, 'the topic was made anew: it is read from its first record');
        at = first;
      }
      this.#next[partition] = at;
      if (at !== known) this.#dirty.add(partition);
    }
    await this.commit();
    return this.#next;
  }

  done(partition: number, next: number): void {
    this.#next[partition] = next;
    this.#dirty.add(partition);
  }

  /** Never rejects: what is not committed now is committed with what comes. */
  async commit(): Promise<void> {
    if (this.#dirty.size === 0) return;
    const { group, topic } = this.#options;
    const offsets = new Map(
      [...this.#dirty].map((partition) => [partition, this.#next[partition]!]),
    );
    this.#dirty.clear();
    try {
      await this.#parts.log.commit(group, topic, offsets);
    } catch (error) {
      for (const partition of offsets.keys()) this.#dirty.add(partition);
      if (performance.now() - this.#told < tellAgainMs) return;
      this.#told = performance.now();
      this.#parts.warn({ topic, group, error: messageOf(error) }, 'offsets cannot be committed');
    }
  }

  /** Asks the brokers how much there is. Rejects with `topic_grew` when partitions were added. */
  async look(): Promise<void> {
    const { topic, partitions } = this.#options;
    const heads = await this.#parts.log.heads(topic);
    this.lag = heads.reduce((sum, head, p) => sum + Math.max(0, head - this.#next[p]!), 0);
    const now = await this.#parts.log.partitionsNow(topic);
    if (now === partitions || now === 0) return;
    throw new SeastateError(
      'topic_grew',
      `topic ${topic} has ${now} partitions, not ${partitions}: it is opened again`,
      { retry: 'later' },
    );
  }
}
