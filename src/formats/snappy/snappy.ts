import { SeastateError } from '../../core/errors.ts';
import { declaredLength, decodeBlock, encodeBlock, encodedBound, slack } from './block.ts';

/**
 * A buffer that is kept and used again. What was put into it is valid until its owner puts the
 * next thing into it.
 */
export class Scratch {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;

  constructor(capacity = 0) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** At least `length` bytes, holding whatever was left in them. */
  room(length: number): Uint8Array<ArrayBuffer> {
    if (this.#bytes.length < length) {
      this.#bytes = new Uint8Array(length + (length >>> 2));
      this.#view = new DataView(this.#bytes.buffer);
    }
    return this.#bytes;
  }

  /** A view of all of it. */
  get view(): DataView {
    return this.#view;
  }
}

/**
 * Decompresses a snappy block (not the framed format). The length that the block declares is
 * checked against `maxBytes` before anything is allocated. Returns a view of `into`.
 * Errors: `body_too_large`, `body_not_snappy`.
 */
export function decompress(body: Uint8Array, maxBytes: number, into: Scratch): Uint8Array {
  const length = declaredLength(body);
  if (length < 0) throw notSnappy('no length at its head');
  if (length > maxBytes) throw tooLarge(length, maxBytes);
  // The densest element makes 64 bytes of 3, so a liar cannot make us allocate much.
  if (length > body.length * 22) throw notSnappy(`${body.length} bytes cannot hold ${length}`);
  const out = into.room(length + slack);
  const from = new DataView(body.buffer, body.byteOffset, body.byteLength);
  if (!decodeBlock(body, from, out, into.view, length)) throw notSnappy('a broken element');
  return out.subarray(0, length);
}

/** Compresses to a snappy block: bytes of their own. */
export function compress(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(encodedBound(bytes.length));
  return out.slice(0, encodeBlock(bytes, out));
}

function notSnappy(reason: string): SeastateError {
  return new SeastateError(
    'body_not_snappy',
    `the body is not a snappy block (${reason}): send the block format, not the framed one`,
  );
}

export function tooLarge(length: number, maxBytes: number): SeastateError {
  return new SeastateError(
    'body_too_large',
    `the body decodes to ${length} bytes, more than the limit of ${maxBytes}: send smaller requests`,
  );
}
