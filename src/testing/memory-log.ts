import { invariant, SeastateError } from '../core/errors.ts';
import type { Bounds, Log, LogRecord, NewRecord, TopicSpec } from '../log/log.ts';

/**
 * A log in memory for tests and examples: the same promises as the journal less durability, and
 * faults on demand. Values are copied on append, as a file would.
 */
export class MemoryLog implements Log {
  readonly topics: ReadonlyMap<string, TopicSpec>;
  /** Set to make every append fail with that error, as a full disk or a lost broker would. */
  fault: SeastateError | undefined;
  readonly #records = new Map<string, LogRecord[]>();
  readonly #now: () => number;
  readonly #waiting = new Set<() => void>();
  #held: (() => void)[] | undefined;

  /** `now` gives the timestamps, in ms. */
  constructor(topics: readonly TopicSpec[], now: () => number) {
    this.topics = new Map(topics.map((topic) => [topic.name, topic]));
    this.#now = now;
  }

  /** Appends wait until `release`, as they would for a slow disk. */
  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const go of held) go();
  }

  /** Appends that wait. */
  get held(): number {
    return this.#held?.length ?? 0;
  }

  /** Everything that a topic holds, by partition and offset. */
  all(topic: string): (LogRecord & { readonly partition: number })[] {
    const { partitions } = this.#topic(topic);
    return Array.from({ length: partitions }, (_, partition) =>
      this.#partition(topic, partition).map((record) => ({ ...record, partition })),
    ).flat();
  }

  async append(topic: string, partition: number, records: readonly NewRecord[]): Promise<number> {
    const held = this.#held;
    if (held) await new Promise<void>((resolve) => held.push(resolve));
    else await Promise.resolve();
    if (this.fault) throw this.fault;
    const kept = this.#partition(topic, partition);
    const first = kept.length;
    for (const { headers, value } of records) {
      const timestamp = Math.max(this.#now(), kept.at(-1)?.timestamp ?? 0);
      kept.push({ headers, value: value?.slice() ?? null, offset: kept.length, timestamp });
    }
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
    return first;
  }

  async read(
    topic: string,
    partition: number,
    offset: number,
    bytesMax = 1 << 20,
  ): Promise<readonly LogRecord[]> {
    const kept = this.#partition(topic, partition);
    let bytes = 0;
    let end = offset;
    while (end < kept.length && (end === offset || bytes < bytesMax)) {
      bytes += kept[end]!.value?.length ?? 0;
      end++;
    }
    return kept.slice(offset, end);
  }

  async *follow(
    topic: string,
    partition: number,
    offset: number,
    signal: AbortSignal,
  ): AsyncIterable<readonly LogRecord[]> {
    let at = offset;
    while (!signal.aborted) {
      const records = await this.read(topic, partition, at);
      if (records.length > 0) {
        at += records.length;
        yield records;
        continue;
      }
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  async bounds(topic: string, partition: number): Promise<Bounds> {
    return { first: 0, next: this.#partition(topic, partition).length };
  }

  async offsetAt(topic: string, partition: number, timeMs: number): Promise<number> {
    const kept = this.#partition(topic, partition);
    const at = kept.findIndex((record) => record.timestamp >= timeMs);
    return at < 0 ? kept.length : at;
  }

  keepFrom(): void {}

  async close(): Promise<void> {
    this.fault = new SeastateError('log_unavailable', 'the log was closed', { retry: 'later' });
  }

  #topic(name: string): TopicSpec {
    const topic = this.topics.get(name);
    invariant(topic, `the log has no topic ${name}`);
    return topic;
  }

  #partition(topic: string, partition: number): LogRecord[] {
    invariant(partition >= 0 && partition < this.#topic(topic).partitions, 'partition in range');
    const key = `${topic}/${partition}`;
    const known = this.#records.get(key);
    if (known) return known;
    const records: LogRecord[] = [];
    this.#records.set(key, records);
    return records;
  }
}
