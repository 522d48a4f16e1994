import { messageOf, SeastateError } from '../core/errors.ts';
import type { Log, NewRecord } from '../log/log.ts';
import type { GatewayCounters } from './counters.ts';

export interface AppenderParts {
  readonly log: Log;
  /** ms since the epoch. */
  readonly now: () => number;
  readonly counters: GatewayCounters;
}

/** Appends to the telemetry topic: times it, counts it, and remembers which partitions are idle. */
export class Appender {
  readonly partitions: number;
  readonly #topic: string;
  readonly #parts: AppenderParts;
  /** 1: something other than a heartbeat was appended since `takeIdle`. */
  readonly #written: Uint8Array;
  readonly #pending = new Set<Promise<unknown>>();
  /** The append that became durable last, for a look at the log's clock. */
  #last: { partition: number; offset: number; beforeMs: number; afterMs: number } | undefined;

  constructor(topic: string, parts: AppenderParts) {
    const spec = parts.log.topics.get(topic);
    if (!spec) throw new SeastateError('unknown_topic', `the log has no topic ${topic}`);
    this.partitions = spec.partitions;
    this.#topic = topic;
    this.#parts = parts;
    this.#written = new Uint8Array(spec.partitions);
  }

  /**
   * Resolves when the record is durable. Rejects as `Log.append` does; whatever else goes wrong
   * is `log_unavailable`, because the record may then not be told to be written.
   */
  append(partition: number, record: NewRecord): Promise<void> {
    const pending = this.#append(partition, record);
    this.#pending.add(pending);
    const done = (): boolean => this.#pending.delete(pending);
    pending.then(done, done);
    return pending;
  }

  async #append(partition: number, record: NewRecord): Promise<void> {
    const { log, now, counters } = this.#parts;
    const beforeMs = now();
    const start = performance.now();
    try {
      const offset = await log.append(this.#topic, partition, [record]);
      counters.appendLatency.observe((performance.now() - start) / 1000);
      counters.recordBytes += record.value?.length ?? 0;
      if (record.headers['kind'] !== 'heartbeat') this.#written[partition] = 1;
      this.#last = { partition, offset, beforeMs, afterMs: now() };
    } catch (error) {
      counters.appendErrors++;
      throw error instanceof SeastateError
        ? error
        : new SeastateError('log_unavailable', `the log failed: ${messageOf(error)}`, {
            cause: error,
            retry: 'later',
          });
    }
  }

  /** Partitions without a new record since the last call; heartbeats are none. */
  takeIdle(): number[] {
    const idle: number[] = [];
    for (let partition = 0; partition < this.partitions; partition++) {
      if (this.#written[partition] === 0) idle.push(partition);
    }
    this.#written.fill(0);
    return idle;
  }

  /**
   * How far the log's clock was from ours at the newest append, in ms; 0 when its timestamp lies
   * between the moments before and after. Undefined when nothing was appended or it is gone.
   */
  async clockSkewMs(): Promise<number | undefined> {
    const last = this.#last;
    if (!last) return undefined;
    const [record] = await this.#parts.log.read(this.#topic, last.partition, last.offset, 1);
    if (record?.offset !== last.offset) return undefined;
    return (
      Math.min(0, record.timestamp - last.beforeMs) + Math.max(0, record.timestamp - last.afterMs)
    );
  }

  /** Resolves when every append so far has come to an end. */
  async drain(): Promise<void> {
    await Promise.allSettled(this.#pending);
  }
}
