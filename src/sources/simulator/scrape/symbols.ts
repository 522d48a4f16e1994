import { utf8 } from '../../../core/bytes.ts';
import { Slabs } from './slabs.ts';

/**
 * Strings by number, each kept once as UTF-8 while somebody uses it. Number 0 is the empty string
 * as remote write 2.0 wants it, number 1 stands for the name of the sending replica.
 */
export class Symbols {
  readonly #ids = new Map<string, number>();
  readonly #texts: string[] = [];
  readonly #uses: number[] = [];
  readonly #free: number[] = [];
  readonly #slabs = new Slabs();
  #bytes = new Uint8Array(1 << 16);
  #start = new Uint32Array(1 << 10);
  #length = new Uint32Array(1 << 10);

  static readonly empty = 0;
  static readonly replica = 1;

  constructor() {
    this.use('');
    this.use('\0replica');
  }

  /** One more than the highest number. */
  get bound(): number {
    return this.#texts.length;
  }

  /** The number of a string, which stays until it is released as often as it was used. */
  use(text: string): number {
    const known = this.#ids.get(text);
    if (known !== undefined) {
      this.#uses[known]!++;
      return known;
    }
    const id = this.#free.pop() ?? this.#texts.length;
    const bytes = utf8(text);
    const start = this.#slabs.take(bytes.length);
    if (start + bytes.length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, start + bytes.length));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    if (id >= this.#start.length) {
      this.#start = grownWords(this.#start);
      this.#length = grownWords(this.#length);
    }
    this.#bytes.set(bytes, start);
    this.#start[id] = start;
    this.#length[id] = bytes.length;
    this.#texts[id] = text;
    this.#uses[id] = 1;
    this.#ids.set(text, id);
    return id;
  }

  release(id: number): void {
    if (--this.#uses[id]! > 0) return;
    this.#ids.delete(this.#texts[id]!);
    this.#slabs.give(this.#start[id]!, this.#length[id]!);
    this.#texts[id] = '';
    this.#free.push(id);
  }

  text(id: number): string {
    return this.#texts[id]!;
  }

  length(id: number): number {
    return this.#length[id]!;
  }

  /** Copies the bytes of a string to `out` at `at`; returns where they end. */
  copy(id: number, out: Uint8Array, at: number): number {
    const start = this.#start[id]!;
    const length = this.#length[id]!;
    const bytes = this.#bytes;
    if (length > 32) {
      out.set(bytes.subarray(start, start + length), at);
    } else {
      for (let i = 0; i < length; i++) out[at + i] = bytes[start + i]!;
    }
    return at + length;
  }
}

function grownWords(words: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(words.length * 2);
  grown.set(words);
  return grown;
}
