import { grown } from '../remote-write/columns.ts';

/**
 * The same idea as `PredictingTable` for byte strings that stand in no request: one call per
 * string, in TypeScript alone. Ids are dense, in the order of first sight.
 */
export class BytesTable {
  #count = 0;
  #arena = new Uint8Array(1 << 16);
  #view = new DataView(this.#arena.buffer);
  /** Entry id is arena[starts[id], starts[id + 1]). */
  #starts = new Float64Array(1025);
  #hashes = new Int32Array(1024);
  /** next[id + 1] is the id that followed `id`; next[0] the first one. */
  #next = new Int32Array(1025).fill(-1);
  /** Open addressing: id + 1, 0 where free. */
  #slots = new Int32Array(2048);
  readonly #seed: number;

  constructor(seed = 0) {
    this.#seed = seed | 0;
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes of memory held. */
  get bytesUsed(): number {
    return (
      this.#arena.byteLength +
      this.#starts.byteLength +
      this.#hashes.byteLength +
      this.#next.byteLength +
      this.#slots.byteLength
    );
  }

  /** The bytes of `id`: a view that is valid until the next `add`. */
  bytes(id: number): Uint8Array {
    return this.#arena.subarray(this.#starts[id], this.#starts[id + 1]);
  }

  length(id: number): number {
    return this.#starts[id + 1]! - this.#starts[id]!;
  }

  /**
   * Id of bytes[start, end), -1 when unknown. `after` is the id found just before in the same
   * sequence, -1 at its head.
   */
  find(bytes: Uint8Array, view: DataView, start: number, end: number, after: number): number {
    const predicted = this.#next[after + 1]!;
    const length = end - start;
    if (predicted >= 0) {
      const at = this.#starts[predicted]!;
      if (
        this.#starts[predicted + 1]! - at === length &&
        equalBytes(view, start, this.#view, at, length)
      ) {
        return predicted;
      }
    }
    const id = this.#lookup(view, start, length, hashBytes(bytes, view, start, end, this.#seed));
    if (id >= 0) this.#next[after + 1] = id;
    return id;
  }

  #lookup(view: DataView, start: number, length: number, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const id = slots[slot]! - 1;
      if (this.#hashes[id] !== hash) continue;
      const at = this.#starts[id]!;
      if (
        this.#starts[id + 1]! - at === length &&
        equalBytes(view, start, this.#view, at, length)
      ) {
        return id;
      }
    }
    return -1;
  }

  /** Adds bytes[start, end), which `find` did not know, and returns its id. */
  add(bytes: Uint8Array, view: DataView, start: number, end: number, after: number): number {
    const id = this.#count++;
    if (id >= this.#hashes.length) this.#grow();
    const at = this.#starts[id]!;
    const needed = at + (end - start);
    if (needed > this.#arena.length) {
      this.#arena = grown(this.#arena, Math.max(needed, nextLength(this.#arena.length)));
      this.#view = new DataView(this.#arena.buffer);
    }
    this.#arena.set(bytes.subarray(start, end), at);
    this.#starts[id + 1] = needed;
    const hash = hashBytes(bytes, view, start, end, this.#seed);
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

/** Growth by doubling while small, by half when large: the copy is what costs memory. */
function nextLength(length: number): number {
  return length < 1 << 20 ? length * 2 : length + (length >>> 1);
}

/** Room for `capacity` ids at a load of 0.75 at most. */
function rehashed(
  slots: Int32Array<ArrayBuffer>,
  hashes: Int32Array,
  count: number,
  capacity: number,
): Int32Array<ArrayBuffer> {
  let length = slots.length;
  while (length * 0.75 < capacity) length *= 2;
  if (length === slots.length) return slots;
  const bigger = new Int32Array(length);
  for (let id = 0; id < count; id++) place(bigger, hashes[id]!, id);
  return bigger;
}

function place(slots: Int32Array, hash: number, id: number): void {
  const mask = slots.length - 1;
  let slot = hash & mask;
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = id + 1;
}

/**
 * Whether `length` bytes are equal. Eight bytes are compared as one double: equal doubles that
 * are not 0 have equal bits, and for 0 and NaN the words decide.
 */
function equalBytes(
  a: DataView,
  aStart: number,
  b: DataView,
  bStart: number,
  length: number,
): boolean {
  const last = length - 8;
  if (last < 0) {
    for (let k = 0; k < length; k++) {
      if (a.getUint8(aStart + k) !== b.getUint8(bStart + k)) return false;
    }
    return true;
  }
  for (let k = 0; k < last; k += 8) {
    const x = a.getFloat64(aStart + k, true);
    if (x !== b.getFloat64(bStart + k, true) || x === 0) {
      if (!equalWords(a, aStart + k, b, bStart + k)) return false;
    }
  }
  return equalWords(a, aStart + last, b, bStart + last);
}

function equalWords(a: DataView, aStart: number, b: DataView, bStart: number): boolean {
  return (
    a.getInt32(aStart, true) === b.getInt32(bStart, true) &&
    a.getInt32(aStart + 4, true) === b.getInt32(bStart + 4, true)
  );
}

/** A seeded 32-bit hash of bytes[start, end), by words of four bytes. */
function hashBytes(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  seed: number,
): number {
  let hash = seed ^ (end - start);
  let at = start;
  for (; at + 4 <= end; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x85ebca77);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae3d);
  return hash ^ (hash >>> 16);
}
