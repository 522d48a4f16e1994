import { Heap, type Kernel, link } from '../../core/heap.ts';
import type { WriteColumns } from './columns.ts';
import { entryBytes, matchModule } from './match-kernel.ts';

/** Kernels compare by vectors of 16 bytes, so a chunk has room behind its last item. */
const slack = 16;
const firstChunkBytes = 4096;
const lastChunkBytes = 1 << 20;
const firstCapacity = 63;

/** A heap for tables, linked with the messages that are compared with them. */
export class TableHeap extends Heap {
  #linked: Heap | undefined;
  #kernel: Kernel = {};

  kernelFor(c: WriteColumns): Kernel {
    if (this.#linked !== c.scratch.heap) {
      this.#linked = c.scratch.heap;
      this.#kernel = link(matchModule, c.scratch.heap, this);
    }
    return this.#kernel;
  }
}

/**
 * Gives byte strings (symbols, label blocks, vectors of symbol ids) dense ids in the order of
 * their first sight. Each id remembers which one followed it last time: a sequence that repeats
 * is known again by one comparison per item, without hashing. Bytes are always compared, so
 * nothing can be mixed up.
 */
export class PredictingTable {
  readonly #heap: TableHeap;
  readonly #seed: number;
  #count = 0;
  #capacity = firstCapacity;
  #entries: number;
  /** Items stand in chunks that never move. */
  readonly #chunks: { readonly address: number; readonly size: number }[] = [];
  #itemsAt = 0;
  #itemsEnd = 0;
  #chunkBytes = 0;
  /** Open addressing by hash: id + 1, 0 where free. */
  #slots = new Int32Array(128);
  #buffer: ArrayBuffer;
  #bytes!: Uint8Array<ArrayBuffer>;
  #view!: DataView;
  /** The heap as words; an entry has four: see match-kernel.ts. */
  #words!: Int32Array<ArrayBuffer>;

  constructor(heap: TableHeap, seed = 0) {
    this.#heap = heap;
    this.#seed = seed | 0;
    this.#entries = heap.allocate((this.#capacity + 1) * entryBytes);
    this.#buffer = heap.buffer;
    this.#refresh();
    this.#words[this.#wordOf(-1) + nextWord] = -1;
  }

  /** Gives all memory back to the heap: the table is dead. */
  release(): void {
    for (const { address, size } of this.#chunks) this.#heap.free(address, size);
    this.#heap.free(this.#entries, (this.#capacity + 1) * entryBytes);
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes of memory held. */
  get bytesUsed(): number {
    return this.#chunkBytes + this.#capacity * entryBytes + this.#slots.byteLength;
  }

  /** The bytes of `id`: a view that is dead when the heap grows. */
  bytes(id: number): Uint8Array<ArrayBuffer> {
    this.#refresh();
    const word = this.#wordOf(id);
    const start = this.#words[word]! >>> 0;
    return this.#bytes.subarray(start, start + this.#words[word + sizeWord]!);
  }

  /** Address of the item of `id` in the heap. */
  address(id: number): number {
    this.#refresh();
    return this.#words[this.#wordOf(id)]! >>> 0;
  }

  size(id: number): number {
    this.#refresh();
    return this.#words[this.#wordOf(id) + sizeWord]!;
  }

  /** The item of `id`, which is a vector of 32-bit words: likewise. */
  vector(id: number): Uint32Array<ArrayBuffer> {
    this.#refresh();
    const word = this.#wordOf(id);
    const start = this.#words[word]! >>> 0;
    return new Uint32Array(this.#buffer, start, this.#words[word + sizeWord]! >>> 2);
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
    return this.#heap.kernelFor(c).matchRanges!(
      this.#entries,
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
    return this.#heap.kernelFor(c).matchVectors!(
      this.#entries,
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
    this.#heap.kernelFor(c).spread!(
      c.sampleFrom.byteOffset,
      c.entryIds.byteOffset,
      c.seriesCount,
      c.sampleIds.byteOffset,
    );
  }

  /** Hash of the bytes [start, end) of `view`, for `lookup` and `add`. */
  hash(view: DataView, start: number, end: number): number {
    return hashBytes(view, start, end, this.#seed);
  }

  /** Id of the bytes [start, end) of `view`, -1 when unknown. */
  lookup(view: DataView, start: number, end: number, hash: number): number {
    this.#refresh();
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const id = slots[slot]! - 1;
      if (this.#words[this.#wordOf(id) + hashWord] === hash && this.equals(id, view, start, end)) {
        return id;
      }
    }
    return -1;
  }

  /** Whether `id` stands for the bytes [start, end) of `view`. */
  equals(id: number, view: DataView, start: number, end: number): boolean {
    this.#refresh();
    const word = this.#wordOf(id);
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

  /** Adds bytes that `lookup` did not know. Error: `out_of_memory`. */
  add(view: DataView, start: number, end: number, hash: number): number {
    const size = end - start;
    if (this.#itemsAt + size + slack > this.#itemsEnd) this.#addChunk(size + slack);
    if (this.#count >= this.#capacity) this.#growEntries();
    this.#refresh();
    const id = this.#count++;
    const at = this.#itemsAt;
    if (size > 64) {
      this.#bytes.set(new Uint8Array(view.buffer, view.byteOffset + start, size), at);
    } else {
      for (let k = 0; k < size; k++) this.#bytes[at + k] = view.getUint8(start + k);
    }
    // The next one begins aligned: vectors are read as words.
    this.#itemsAt += (size + 3) & ~3;
    const words = this.#words;
    const word = this.#wordOf(id);
    words[word] = at;
    words[word + sizeWord] = size;
    words[word + nextWord] = -1;
    words[word + hashWord] = hash;
    this.#place(hash, id);
    return id;
  }

  /**
   * Notes that `id` followed `after` (-1: that it came first): it is what is expected next time.
   */
  follow(after: number, id: number): void {
    this.#words[this.#wordOf(after) + nextWord] = id;
  }

  #place(hash: number, id: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = id + 1;
  }

  #addChunk(needed: number): void {
    const usual = Math.min(Math.max(this.#chunkBytes, firstChunkBytes), lastChunkBytes);
    const size = Math.max(usual, needed);
    const address = this.#heap.allocate(size);
    this.#chunks.push({ address, size });
    this.#chunkBytes += size;
    this.#itemsAt = address;
    this.#itemsEnd = address + size;
  }

  #growEntries(): void {
    const capacity = this.#capacity * 2 + 1;
    const size = (n: number): number => (n + 1) * entryBytes;
    this.#entries = this.#heap.enlarge(this.#entries, size(this.#capacity), size(capacity));
    this.#capacity = capacity;
    this.#refresh();
    this.#slots = new Int32Array((capacity + 1) * 2);
    for (let id = 0; id < this.#count; id++) {
      this.#place(this.#words[this.#wordOf(id) + hashWord]!, id);
    }
  }

  /** Makes the views anew when the heap has grown, perhaps for another table. */
  #refresh(): void {
    if (this.#buffer === this.#heap.buffer && this.#bytes) return;
    this.#buffer = this.#heap.buffer;
    this.#bytes = new Uint8Array(this.#buffer);
    this.#view = new DataView(this.#buffer);
    this.#words = new Int32Array(this.#buffer);
  }

  /** Index of the first word of entry `id`; -1 stands for the head of a sequence. */
  #wordOf(id: number): number {
    return (this.#entries >>> 2) + (id + 1) * (entryBytes >>> 2);
  }
}

const sizeWord = 1;
const nextWord = 2;
const hashWord = 3;

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
