import { nextLength, place, rehashed } from './bytes-table.ts';
import { grown } from './columns.ts';

/**
 * Gives vectors of numbers (the symbol ids of a series' labels) dense ids in the order of their
 * first sight, with the same prediction as `BytesTable`.
 */
export class VectorTable {
  #count = 0;
  #items = new Uint32Array(1 << 14);
  /** Vector id is items[starts[id], starts[id + 1]). */
  #starts = new Uint32Array(1025);
  #hashes = new Int32Array(1024);
  #next = new Int32Array(1025).fill(-1);
  #slots = new Int32Array(2048);
  readonly #seed: number;

  constructor(seed = 0) {
    this.#seed = seed | 0;
  }

  get count(): number {
    return this.#count;
  }

  get bytesUsed(): number {
    return (
      this.#items.byteLength +
      this.#starts.byteLength +
      this.#hashes.byteLength +
      this.#next.byteLength +
      this.#slots.byteLength
    );
  }

  /** All items, and where each vector begins: valid until the next `add`. */
  get items(): Uint32Array {
    return this.#items;
  }

  get starts(): Uint32Array {
    return this.#starts;
  }

  get next(): Int32Array {
    return this.#next;
  }

  /** A view of vector `id`, valid until the next `add`. */
  vector(id: number): Uint32Array {
    return this.#items.subarray(this.#starts[id], this.#starts[id + 1]);
  }

  /** Id of `count` numbers of `vector`, -1 when unknown. */
  find(vector: Uint32Array, count: number, after: number): number {
    const hash = hashVector(vector, count, this.#seed);
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const id = slots[slot]! - 1;
      if (this.#hashes[id] === hash && this.#equals(id, vector, count)) {
        this.#next[after + 1] = id;
        return id;
      }
    }
    return -1;
  }

  #equals(id: number, vector: Uint32Array, count: number): boolean {
    const items = this.#items;
    const start = this.#starts[id]!;
    if (this.#starts[id + 1]! - start !== count) return false;
    for (let k = 0; k < count; k++) {
      if (items[start + k] !== vector[k]) return false;
    }
    return true;
  }

  /** Adds a vector that `find` did not know. */
  add(vector: Uint32Array, count: number, after: number): number {
    const id = this.#count++;
    if (id >= this.#hashes.length) this.#grow();
    const start = this.#starts[id]!;
    const needed = start + count;
    if (needed > this.#items.length) {
      this.#items = grown(this.#items, Math.max(needed, nextLength(this.#items.length)));
    }
    this.#items.set(vector.subarray(0, count), start);
    this.#starts[id + 1] = needed;
    const hash = hashVector(vector, count, this.#seed);
    this.#hashes[id] = hash;
    this.#next[id + 1] = -1;
    this.#next[after + 1] = id;
    place(this.#slots, hash, id);
    return id;
  }

  #grow(): void {
    const length = nextLength(this.#hashes.length);
    this.#starts = grown(this.#starts, length + 1);
    this.#hashes = grown(this.#hashes, length);
    this.#next = grown(this.#next, length + 1);
    this.#slots = rehashed(this.#slots, this.#hashes, this.#count - 1, length);
  }
}

function hashVector(vector: Uint32Array, count: number, seed: number): number {
  let hash = seed ^ count;
  for (let k = 0; k < count; k++) {
    hash = Math.imul(hash ^ vector[k]!, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae3d);
  return hash ^ (hash >>> 16);
}
