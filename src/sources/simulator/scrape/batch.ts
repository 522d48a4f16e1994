/** A native histogram or an exemplar: what does not fit into a prepared body. */
export type Extra =
  | { readonly kind: 'histogram'; readonly slot: number; readonly message: Uint8Array }
  | {
      readonly kind: 'exemplar';
      readonly slot: number;
      readonly timeMs: number;
      readonly value: number;
      readonly traceId: string;
    };

/**
 * Samples of one request in the order of their scrapes, as columns. `words` are the values as
 * 32-bit words, low word first, so that stale markers keep their bits.
 */
export class Batch {
  readonly replica: number;
  readonly shard: number;
  readonly slots: Uint32Array;
  readonly words: Uint32Array;
  readonly times: Float64Array;
  extras: Extra[] = [];
  count = 0;
  /** When its first sample was taken, in time of the fleet. */
  openedMs = 0;
  newestMs = 0;
  /** A request of which nothing is prepared: the order of its series will not come again. */
  isBacklog = false;

  constructor(replica: number, shard: number, capacity: number) {
    this.replica = replica;
    this.shard = shard;
    this.slots = new Uint32Array(capacity);
    this.words = new Uint32Array(2 * capacity);
    this.times = new Float64Array(capacity);
  }

  get isEmpty(): boolean {
    return this.count === 0 && this.extras.length === 0;
  }

  get isFull(): boolean {
    return this.count === this.slots.length;
  }

  /** Takes `[from, to)` as far as there is room; returns where it stopped. */
  append(words: Uint32Array, from: number, to: number, timeMs: number): number {
    const until = Math.min(to, from + this.slots.length - this.count);
    for (let slot = from, at = this.count; slot < until; slot++, at++) {
      this.slots[at] = slot;
      this.words[2 * at] = words[2 * slot]!;
      this.words[2 * at + 1] = words[2 * slot + 1]!;
      this.times[at] = timeMs;
    }
    this.#grow(until - from, timeMs);
    return until;
  }

  appendOne(slot: number, low: number, high: number, timeMs: number): void {
    const at = this.count;
    this.slots[at] = slot;
    this.words[2 * at] = low;
    this.words[2 * at + 1] = high;
    this.times[at] = timeMs;
    this.#grow(1, timeMs);
  }

  appendExtra(extra: Extra, timeMs: number): void {
    this.extras.push(extra);
    this.#grow(0, timeMs);
  }

  #grow(by: number, timeMs: number): void {
    if (this.openedMs === 0) this.openedMs = timeMs;
    this.count += by;
    this.newestMs = timeMs;
  }

  clear(): void {
    this.count = 0;
    this.openedMs = 0;
    this.extras = [];
    this.isBacklog = false;
  }
}
