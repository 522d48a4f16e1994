import type { LogRecord } from '../log.ts';
import type { EncodedBatch } from './group-encoder.ts';

type CachedBatch = Pick<EncodedBatch, 'slot' | 'offset' | 'length' | 'records' | 'memoryBytes'>;

/** A first-in first-out list that can be read by index. */
class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  at(index: number): T {
    return this.#items[this.#head + index]!;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): void {
    this.#items[this.#head++] = undefined;
    if (this.#head < 1024 || this.#head * 2 < this.#items.length) return;
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }
}

/** The newest records of a journal, up to about `bytesMax`: readers share them, none is copied. */
export class HeadCache {
  readonly #bytesMax: number;
  readonly #all = new Fifo<CachedBatch>();
  readonly #slots: Fifo<CachedBatch>[] = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(batch: CachedBatch): void {
    if (this.#bytesMax === 0) return;
    let slot = this.#slots[batch.slot];
    if (slot === undefined) {
      slot = new Fifo();
      this.#slots[batch.slot] = slot;
    }
    slot.push(batch);
    this.#all.push(batch);
    this.#bytes += batch.memoryBytes;
    while (this.#bytes > this.#bytesMax && this.#all.length > 0) {
      const oldest = this.#all.at(0);
      this.#all.shift();
      this.#slots[oldest.slot]!.shift();
      this.#bytes -= oldest.memoryBytes;
    }
  }

  /** As `Log.read`; null when the cache does not reach back to `offset`. */
  read(slot: number, offset: number, bytesMax: number): LogRecord[] | null {
    const batches = this.#slots[slot];
    if (batches === undefined || batches.length === 0 || batches.at(0).offset > offset) return null;
    const records: LogRecord[] = [];
    let bytes = 0;
    for (let i = indexOf(batches, offset); i < batches.length && bytes < bytesMax; i++) {
      const batch = batches.at(i);
      const from = Math.max(0, offset - batch.offset);
      for (let k = from; k < batch.records.length; k++) records.push(batch.records[k]!);
      bytes += batch.length;
    }
    return records;
  }
}

/** The last batch that begins at or before `offset`. */
function indexOf(batches: Fifo<CachedBatch>, offset: number): number {
  let low = 0;
  let high = batches.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (batches.at(middle).offset <= offset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
