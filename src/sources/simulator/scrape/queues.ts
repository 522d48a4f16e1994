import { staleHigh, staleLow } from '../../../formats/remote-write/stale.ts';
import { Batch, type Extra } from './batch.ts';

export interface QueueOptions {
  readonly replicas: number;
  readonly shards: number;
  readonly samplesPerRequest: number;
  readonly deadlineMs: number;
  /** Batches end with each scrape interval, so that the next one has the same batches. */
  readonly intervalMs: number;
}

/**
 * The queues of a cluster's senders. A series always goes through the same shard (slot modulo
 * shards), so it stays in order; a batch closes when it is full or its first sample too old.
 */
export class Queues {
  readonly #options: QueueOptions;
  readonly #open: Batch[][] = [];
  readonly #closed: Batch[] = [];
  readonly #idle: Batch[] = [];
  /** While it catches up, a sender fills each request before it sends it. */
  isCatchingUp = false;

  constructor(options: QueueOptions) {
    this.#options = options;
    for (let replica = 0; replica < options.replicas; replica++) {
      this.#open.push(
        Array.from({ length: options.shards }, (_, shard) => this.#batch(replica, shard)),
      );
    }
  }

  /** Values of slots [start, start + count). */
  samples(replica: number, words: Uint32Array, start: number, count: number, timeMs: number): void {
    const shards = this.#options.shards;
    if (shards > 1) {
      for (let slot = start; slot < start + count; slot++) {
        this.#one(replica, slot, words[2 * slot]!, words[2 * slot + 1]!, timeMs);
      }
      return;
    }
    for (let slot = start; slot < start + count; ) {
      const batch = this.#open[replica]![0]!;
      slot = batch.append(words, slot, start + count, timeMs);
      if (batch.isFull) this.#close(batch);
    }
  }

  /** Stale markers for slots [start, start + count). */
  stale(replica: number, start: number, count: number, timeMs: number): void {
    for (let slot = start; slot < start + count; slot++) {
      this.#one(replica, slot, staleLow, staleHigh, timeMs);
    }
  }

  #one(replica: number, slot: number, low: number, high: number, timeMs: number): void {
    const batch = this.#open[replica]![slot % this.#options.shards]!;
    batch.appendOne(slot, low, high, timeMs);
    if (batch.isFull) this.#close(batch);
  }

  extra(replica: number, extra: Extra, timeMs: number): void {
    this.#open[replica]![extra.slot % this.#options.shards]!.appendExtra(extra, timeMs);
  }

  /** Closes what waited too long or is of the last interval; `all` closes what there is. */
  expire(nowMs: number, all = false): void {
    if (this.isCatchingUp && !all) return;
    const { deadlineMs, intervalMs } = this.#options;
    const limitMs = Math.max(nowMs - deadlineMs, nowMs - (nowMs % intervalMs) - 1);
    for (const shards of this.#open) {
      for (const batch of shards) {
        if (batch.isEmpty) continue;
        if (all || batch.openedMs <= limitMs) this.#close(batch);
      }
    }
  }

  #close(batch: Batch): void {
    batch.isBacklog = this.isCatchingUp;
    this.#closed.push(batch);
    this.#open[batch.replica]![batch.shard] = this.#batch(batch.replica, batch.shard);
  }

  #batch(replica: number, shard: number): Batch {
    const index = this.#idle.findIndex((idle) => idle.replica === replica && idle.shard === shard);
    if (index < 0) return new Batch(replica, shard, this.#options.samplesPerRequest);
    const [batch] = this.#idle.splice(index, 1);
    batch!.clear();
    return batch!;
  }

  /** The oldest closed batch; the caller gives it back with `done`. */
  take(): Batch | undefined {
    return this.#closed.shift();
  }

  done(batch: Batch): void {
    if (this.#idle.length < 4 * this.#options.replicas * this.#options.shards)
      this.#idle.push(batch);
  }

  /** When the oldest sample that still waits was taken, or Infinity. */
  get oldestMs(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const batch of this.#closed) oldest = Math.min(oldest, batch.openedMs);
    for (const shards of this.#open) {
      for (const batch of shards) if (!batch.isEmpty) oldest = Math.min(oldest, batch.openedMs);
    }
    return oldest;
  }
}
