import { type ByteReader, type ByteWriter, text, utf8 } from '../../core/bytes.ts';
import { xxh32 } from '../../core/xxh32.ts';

/**
 * Label names and values of a partition, each kept once as UTF-8 bytes in one arena and named by
 * a dense id. Part of the state: ids are given in log order. The hash index is derived.
 */
export class SymbolTable {
  #arena = new Uint8Array(4096);
  #ends = new Uint32Array(256);
  #hashes = new Uint32Array(256);
  #count = 0;
  /** Raised whenever ids change their meaning: what was learnt about them is void then. */
  generation = 0;
  /** id + 1 by hash, 0 where free; a power of two long, at most half full. */
  #index = new Int32Array(1024);

  get count(): number {
    return this.#count;
  }

  get bytesUsed(): number {
    return this.#count === 0 ? 0 : this.#ends[this.#count - 1]!;
  }

  /** Id of UTF-8 bytes, given on first sight. */
  intern(bytes: Uint8Array): number {
    const known = this.find(bytes);
    return known < 0 ? this.#add(bytes) : known;
  }

  /** Id of a text that is there, or -1. */
  lookup(value: string): number {
    return this.find(utf8(value));
  }

  text(id: number): string {
    return text(this.bytes(id));
  }

  /** Its UTF-8 bytes: a view, until the next change. */
  bytes(id: number): Uint8Array {
    return this.#arena.subarray(id === 0 ? 0 : this.#ends[id - 1]!, this.#ends[id]!);
  }

  /** Id of UTF-8 bytes that are there, or -1. */
  find(bytes: Uint8Array): number {
    const mask = this.#index.length - 1;
    const hash = xxh32(bytes);
    for (let at = hash & mask; this.#index[at] !== 0; at = (at + 1) & mask) {
      const id = this.#index[at]! - 1;
      if (this.#hashes[id] === hash && Buffer.compare(this.bytes(id), bytes) === 0) return id;
    }
    return -1;
  }

  #add(bytes: Uint8Array): number {
    const id = this.#count;
    const start = this.bytesUsed;
    const end = start + bytes.length;
    if (end > this.#arena.length) {
      this.#arena = grown(this.#arena, Math.max(end, this.#arena.length * 2));
    }
    if (id === this.#ends.length) {
      this.#ends = grown(this.#ends, id * 2);
      this.#hashes = grown(this.#hashes, id * 2);
    }
    this.#arena.set(bytes, start);
    this.#ends[id] = end;
    this.#hashes[id] = xxh32(bytes);
    this.#count++;
    if (this.#count * 2 > this.#index.length) this.#rebuild(this.#index.length * 2);
    else this.#place(id);
    return id;
  }

  #place(id: number): void {
    const mask = this.#index.length - 1;
    let at = this.#hashes[id]! & mask;
    while (this.#index[at] !== 0) at = (at + 1) & mask;
    this.#index[at] = id + 1;
  }

  #rebuild(size: number): void {
    this.#index = new Int32Array(size);
    for (let id = 0; id < this.#count; id++) this.#place(id);
  }

  /** Keeps only the symbols with `used[id] !== 0`, in order; returns old id -> new id. */
  compact(used: Uint8Array): Int32Array {
    const renamed = new Int32Array(this.#count).fill(-1);
    const kept = new SymbolTable();
    for (let id = 0; id < this.#count; id++) {
      if (used[id] !== 0) renamed[id] = kept.#add(this.bytes(id));
    }
    this.#arena = kept.#arena;
    this.#ends = kept.#ends;
    this.#hashes = kept.#hashes;
    this.#count = kept.#count;
    this.#index = kept.#index;
    this.generation++;
    return renamed;
  }

  save(out: ByteWriter): void {
    out.u32(this.#count);
    out.bytes(new Uint8Array(this.#ends.buffer, 0, this.#count * 4));
    out.bytes(this.#arena.subarray(0, this.bytesUsed));
  }

  load(input: ByteReader): void {
    const count = input.u32();
    const ends = new Uint32Array(Math.max(256, count));
    new Uint8Array(ends.buffer).set(input.bytes());
    this.#ends = ends;
    this.#arena = Uint8Array.from(input.bytes());
    this.#count = count;
    this.#hashes = new Uint32Array(ends.length);
    for (let id = 0; id < count; id++) this.#hashes[id] = xxh32(this.bytes(id));
    let size = 1024;
    while (size < count * 2) size *= 2;
    this.#rebuild(size);
  }
}

function grown<T extends Uint8Array | Uint32Array>(array: T, length: number): T {
  const bigger = new (array.constructor as new (length: number) => T)(length);
  bigger.set(array);
  return bigger;
}
