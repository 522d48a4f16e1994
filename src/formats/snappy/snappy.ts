/**
 * A buffer that is kept and used again. What was put into it is valid until the owner puts the
 * next thing into it.
 */
export class Scratch {
  #bytes: Uint8Array<ArrayBuffer>;

  constructor(capacity = 0) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** At least `length` bytes of whatever was left in them. */
  room(length: number): Uint8Array<ArrayBuffer> {
    if (this.#bytes.length < length) this.#bytes = new Uint8Array(length + (length >>> 2) + 64);
    return this.#bytes;
  }
}

/**
 * Decompresses a snappy block (not the framed format; google/snappy, format_description.txt).
 * The length that the block declares is checked against `maxBytes` before anything is allocated.
 * Returns a view of `into`. Errors: `body_too_large`, `body_not_snappy`.
 */
export declare function decompress(body: Uint8Array, maxBytes: number, into: Scratch): Uint8Array;

/** Compresses to a snappy block: bytes of their own. */
export declare function compress(bytes: Uint8Array): Uint8Array;
