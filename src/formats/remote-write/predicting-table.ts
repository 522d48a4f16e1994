import { SeastateError } from '../../core/errors.ts';
import { Heap, type Kernel, link } from '../../core/heap.ts';
import type { WriteColumns } from './columns.ts';
import { entriesAt, entryBytes, matchModule } from './match-kernel.ts';

/** Kernels compare by vectors of 16 bytes, so the items have room behind them. */
const slack = 64;
const itemsMax = 2 ** 32 - 2 ** 20;

/**
 * Gives byte strings (symbols, label blocks, vectors of symbol ids) dense ids in the order of
 * their first sight. Each id remembers which one followed it last time: a sequence that repeats
 * is known again by one comparison per item, without hashing. Bytes are always compared, so
 * nothing can be mixed up.
 */
export class PredictingTable {
  #count = 0;
  readonly #items = new Heap();
  readonly #entries = new Heap();
  readonly #itemsAt: number;
  #itemsUsed = 0;
  #itemsSize = 1 << 16;
  #capacity = 1024;
  #bytes!: Uint8Array<ArrayBuffer>;
  #view!: DataView;
  /** Four words per entry: see match-kernel.ts. */
  #words!: Int32Array<ArrayBuffer>;
  /** Open addressing by hash: id + 1, 0 where free. */
  #slots = new Int32Array(2048);
  readonly #seed: number;
  #linked: Heap | undefined;
  #kernel: Kernel = {};

  constructor(seed = 0) {
    this.#seed = seed | 0;
    this.#itemsAt = this.#items.allocate(this.#itemsSize);
    this.#entries.allocate((this.#capacity + 1) * entryBytes);
    this.#refresh();
    this.#words[wordOf(-1) + nextWord] = -1;
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes of memory in use. */
  get bytesUsed(): number {
    return this.#itemsUsed + this.#count * entryBytes + this.#slots.byteLength;
  }

  /** The bytes of `id`: a view that is valid until the next `add`. */
  bytes(id: number): Uint8Array<ArrayBuffer> {
    const word = wordOf(id);
    const start = this.#words[word]! >>> 0;
    return this.#bytes.subarray(start, start + this.#words[word + sizeWord]!);
  }

  /** The bytes of `id`, which are 32-bit words: likewise. */
  vector(id: number): Uint32Array<ArrayBuffer> {
    const word = wordOf(id);
    return new Uint32Array(
      this.#items.buffer,
      this.#words[word]! >>> 0,
      this.#words[word + sizeWord]! >>> 2,
    );
  }

  size(id: number): number {
    return this.#words[wordOf(id) + sizeWord]!;
  }

  /**
   * Writes into `ids` those of the ranges [starts[i], ends[i]) of the message from `index` on, as
   * long as each is the one that followed the last one before (`after`, -1 at the head). Returns
   * where that ends, or `count`.
   */
  matchRanges(
    c: WriteColumns,
    starts: Uint32Array,
    ends: Uint32Array,
    ids: Int32Array,
    index: number,
    count: number,
    after: number,
  ): number {
    return this.#linkedTo(c).matchRanges!(
      starts.byteOffset,
      ends.byteOffset,
      ids.byteOffset,
      c.bytes.byteOffset,
      index,
      count,
      after,
    );
  }

  /** The same for the label vectors of entries, whose symbols are in `c.symbolIds`. */
  matchVectors(c: WriteColumns, index: number, after: number): number {
    return this.#linkedTo(c).matchVectors!(
      c.labelStart.byteOffset,
      c.labelEnd.byteOffset,
      c.entryIds.byteOffset,
      c.refs.byteOffset,
      c.symbolIds.byteOffset,
      c.symbolCount,
      index,
      c.seriesCount,
      after,
    );
  }

  /** Writes the ids of the entries as ids of their samples. */
  spread(c: WriteColumns): void {
    this.#linkedTo(c).spread!(
      c.sampleFrom.byteOffset,
      c.entryIds.byteOffset,
      c.seriesCount,
      c.sampleIds.byteOffset,
    );
  }

  /** Id of the bytes [start, end) of `view`, -1 when unknown. Notes that it follows `after`. */
  find(view: DataView, start: number, end: number, after: number): number {
    const hash = hashBytes(view, start, end, this.#seed);
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const id = slots[slot]! - 1;
      if (this.#words[wordOf(id) + hashWord] === hash && this.#equals(id, view, start, end)) {
        this.#words[wordOf(after) + nextWord] = id;
        return id;
      }
    }
    return -1;
  }

  #equals(id: number, view: DataView, start: number, end: number): boolean {
    const word = wordOf(id);
    const size = this.#words[word + sizeWord]!;
    if (size !== end - start) return false;
    const at = this.#words[word]! >>> 0;
    let k = 0;
    for (; k + 4 <= size; k += 4) {
      if (view.getInt32(start + k, true) !== this.#view.getInt32(at + k, true)) return false;
    }
    for (; k < size; k++) {
      if (view.getUint8(start + k) !== this.#bytes[at + k]) return false;
    }
    return true;
  }

  /** Adds bytes that `find` did not know. Error: `out_of_memory` at 4 GiB. */
  add(view: DataView, start: number, end: number, after: number): number {
    const size = end - start;
    const at = this.#itemsAt + this.#itemsUsed;
    this.#reserve(this.#itemsUsed + size);
    const id = this.#count++;
    this.#bytes.set(new Uint8Array(view.buffer, view.byteOffset + start, size), at);
    // The next one begins aligned: vectors are read as words.
    this.#itemsUsed += (size + 3) & ~3;
    const hash = hashBytes(view, start, end, this.#seed);
    const words = this.#words;
    const word = wordOf(id);
    words[word] = at;
    words[word + sizeWord] = size;
    words[word + nextWord] = -1;
    words[word + hashWord] = hash;
    words[wordOf(after) + nextWord] = id;
    this.#place(hash, id);
    return id;
  }

  #place(hash: number, id: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = id + 1;
  }

  #reserve(itemBytes: number): void {
    if (itemBytes + slack > this.#itemsSize) {
      const size = Math.min(Math.max(itemBytes + slack, this.#itemsSize * 2), itemsMax);
      if (itemBytes + slack > size) {
        throw new SeastateError('out_of_memory', 'a table of symbols or series is full (4 GiB)');
      }
      // The only block of its heap grows where it stands, and untouched pages cost nothing.
      this.#items.enlarge(this.#itemsAt, this.#itemsSize, size);
      this.#itemsSize = size;
      this.#refresh();
    }
    if (this.#count >= this.#capacity) this.#growEntries();
  }

  #growEntries(): void {
    const capacity = this.#capacity * 2;
    const size = (n: number): number => (n + 1) * entryBytes;
    this.#entries.enlarge(entriesAt, size(this.#capacity), size(capacity));
    this.#capacity = capacity;
    this.#refresh();
    this.#slots = new Int32Array(capacity * 2);
    for (let id = 0; id < this.#count; id++) this.#place(this.#words[wordOf(id) + hashWord]!, id);
  }

  #refresh(): void {
    this.#bytes = new Uint8Array(this.#items.buffer);
    this.#view = new DataView(this.#items.buffer);
    this.#words = new Int32Array(this.#entries.buffer);
  }

  #linkedTo(c: WriteColumns): Kernel {
    if (this.#linked !== c.scratch.heap) {
      this.#linked = c.scratch.heap;
      this.#kernel = link(matchModule, c.scratch.heap, this.#items, this.#entries);
    }
    return this.#kernel;
  }
}

const sizeWord = 1;
const nextWord = 2;
const hashWord = 3;

/** Index of the first word of entry `id`; -1 stands for the head of a sequence. */
function wordOf(id: number): number {
  return (entriesAt >>> 2) + (id + 1) * (entryBytes >>> 2);
}

/** A seeded 32-bit hash of the bytes [start, end), by words of four bytes. */
function hashBytes(view: DataView, start: number, end: number, seed: number): number {
  let hash = seed ^ (end - start);
  let at = start;
  for (; at + 4 <= end; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; at < end; at++) hash = Math.imul(hash ^ view.getUint8(at), 0x85ebca77);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae3d);
  return hash ^ (hash >>> 16);
}
