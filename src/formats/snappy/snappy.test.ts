import { snappyCompress, snappyDecompress } from '@platformatic/wasm-utils';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeastateError } from '../../core/errors.ts';
import { compress, decompress, Scratch } from './snappy.ts';

const scratch = new Scratch();
const decode = (body: Uint8Array, max = 1 << 24): Buffer =>
  Buffer.from(decompress(body, max, scratch));

/** Bytes with repeats near and far, as text and as noise. */
const content = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ maxLength: 80 }).map((text) => Buffer.from(text)),
      fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.nat(5000)).map(([unit, size]) => {
        return Buffer.alloc(size, unit);
      }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.concat([...parts, ...parts.toReversed()]));

describe('compress and decompress', () => {
  test('give back what was put in, and the other library agrees both ways', () => {
    fc.assert(
      fc.property(content, (bytes) => {
        const body = compress(bytes);
        expect(decode(body).equals(bytes)).toBe(true);
        expect(snappyDecompress(Buffer.from(body)).equals(bytes)).toBe(true);
        expect(decode(snappyCompress(bytes)).equals(bytes)).toBe(true);
      }),
    );
  });

  test('work across fragments of 64 KiB', () => {
    for (const size of [65_535, 65_536, 65_537, 200_000, 1_000_003]) {
      const bytes = Buffer.alloc(size);
      for (let k = 0; k < size; k++) bytes[k] = (k * k) >>> (k % 7);
      expect(decode(compress(bytes)).equals(bytes)).toBe(true);
      expect(snappyDecompress(Buffer.from(compress(bytes))).equals(bytes)).toBe(true);
    }
  });

  test('take the empty body', () => {
    expect([...compress(new Uint8Array(0))]).toEqual([0]);
    expect(decode(Uint8Array.of(0)).length).toBe(0);
  });
});

describe('decompress', () => {
  const code = (body: Uint8Array, max?: number): string => {
    try {
      decode(body, max);
      return 'ok';
    } catch (error) {
      expect(error).toBeInstanceOf(SeastateError);
      return (error as SeastateError).code;
    }
  };

  test('refuses a declared length over the cap before it allocates', () => {
    const small = new Scratch();
    const before = small.heap.buffer.byteLength;
    const body = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0);
    expect(() => decompress(body, 1 << 25, small)).toThrow(/limit of 33554432/);
    expect(() => decompress(body, 2 ** 33, small)).toThrow(/cannot hold/);
    expect(small.heap.buffer.byteLength).toBe(before);
  });

  test.each([
    ['nothing', []],
    ['a varint without end', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00]],
    ['a length over 32 bits', [0xff, 0xff, 0xff, 0xff, 0x7f]],
    ['a literal that is cut off', [4, 0x0c, 1, 2]],
    ['a literal past the declared length', [2, 0x0c, 1, 2, 3, 4]],
    ['a literal whose length is cut off', [9, 0xf4, 1]],
    ['a literal of 2^32 bytes', [9, 0xfc, 0xff, 0xff, 0xff, 0xff, 1, 2]],
    ['a copy from before the start', [8, 0x00, 1, 0x0d, 2]],
    ['a copy of offset zero', [8, 0x00, 1, 0x0d, 0]],
    ['a copy without its offset', [8, 0x00, 1, 0x0e, 1]],
    ['a copy of a far offset', [8, 0x00, 1, 0x0f, 1, 0, 0, 0x80]],
    ['a copy past the declared length', [4, 0x00, 1, 0x1d, 1]],
    ['fewer bytes than declared', [5, 0x08, 1, 2, 3]],
  ])('refuses %s', (_, bytes) => {
    expect(code(Uint8Array.from(bytes))).toBe('body_not_snappy');
  });

  test('gives the right bytes or body_not_snappy for every truncation and mutation', () => {
    fc.assert(
      fc.property(content, fc.nat(), fc.nat(255), (bytes, place, byte) => {
        const body = compress(bytes);
        const cut = body.slice(0, place % body.length);
        expect(code(cut)).toBe('body_not_snappy');
        const mutated = body.slice();
        mutated[place % body.length] = byte;
        const ours = code(mutated, 1 << 20);
        let theirs = 'ok';
        try {
          if (ours === 'ok') theirs = snappyDecompress(Buffer.from(mutated)).toString('latin1');
        } catch {
          theirs = 'refused';
        }
        if (ours === 'ok') expect(theirs).toBe(decode(mutated).toString('latin1'));
      }),
    );
  });

  test('never takes random bytes for anything but a block', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(['ok', 'body_not_snappy', 'body_too_large']).toContain(code(bytes, 1 << 16));
      }),
      { numRuns: 2000 },
    );
  });
});
