import { snappyCompress } from '@platformatic/wasm-utils';
import { SeastateError } from '../../core/errors.ts';
import { compile, Heap, type Kernel, link } from '../../core/heap.ts';
import { declaredLength, headLength } from './block.ts';
import { snappyDecoder } from './decode-kernel.ts';

/** The kernels read and write past an end by whole vectors; nothing there is ever used. */
const slack = 128;
const module = compile([snappyDecoder()]);

/**
 * A buffer that is kept and used again. What was put into it is valid until its owner puts the
 * next thing into it. `decodeV1`, `decodeV2` and `SeriesReader` take it without a copy when it is
 * their own (`columns.scratch`, `reader.scratch`).
 */
export class Scratch {
  readonly heap: Heap;
  readonly kernel: Kernel;
  #address = 0;
  #size = 0;

  constructor(heap: Heap = new Heap()) {
    this.heap = heap;
    this.kernel = link(module, heap);
  }

  /** Address of room for `length` bytes and some slack. */
  room(length: number): number {
    const needed = length + slack;
    if (needed > this.#size) {
      if (this.#size > 0) this.heap.free(this.#address, this.#size);
      this.#size = 0;
      this.#address = this.heap.allocate(needed);
      this.#size = needed;
    }
    return this.#address;
  }

  /** The bytes at an address: dead when the heap grows. */
  view(address: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.heap.buffer, address, length);
  }
}

/**
 * Decompresses a snappy block (not the framed format). The length that the block declares is
 * checked against `maxBytes` before anything is allocated. Returns a view of `into`.
 * Errors: `body_too_large`, `body_not_snappy`.
 */
export function decompress(
  body: Uint8Array,
  maxBytes: number,
  into: Scratch,
): Uint8Array<ArrayBuffer> {
  const length = declaredLength(body);
  if (length < 0) throw notSnappy('no length at its head');
  if (length > maxBytes) throw tooLarge(length, maxBytes);
  // The densest element makes 64 bytes of 3, so a liar cannot make us allocate much.
  if (length > body.length * 22) throw notSnappy(`${body.length} bytes cannot hold ${length}`);
  const to = into.room(length + slack + body.length);
  const from = to + length + slack;
  into.view(from, body.length).set(body);
  const ok = into.kernel.decode!(from + headLength(body), from + body.length, to, to + length);
  if (ok === 0) throw notSnappy('a broken element');
  return into.view(to, length);
}

/**
 * Compresses to a snappy block: bytes of their own. By a library: a kernel of our own was not
 * faster (bench/decode/README.md).
 */
export function compress(bytes: Uint8Array): Uint8Array {
  return snappyCompress(bytes as Buffer);
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
