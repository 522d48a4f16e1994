import { compressionsAlgorithmsByBitmask, createRecordsBatch } from '@platformatic/kafka';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeBatches } from './batches.ts';

const inflate = (codec: number, bytes: Buffer): Buffer =>
  Buffer.from(compressionsAlgorithmsByBitmask[String(codec)]!.decompressSync(bytes));

const message = fc.record({
  key: fc.option(fc.uint8Array({ maxLength: 8 }), { nil: undefined }),
  value: fc.option(fc.uint8Array({ maxLength: 300 }), { nil: null }),
  headers: fc.dictionary(fc.string({ maxLength: 8 }), fc.string({ maxLength: 20 }), { maxKeys: 3 }),
  // Within 2^30 ms of each other: the library's encoder is wrong beyond.
  timestamp: fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_000 + 2 ** 30 }),
});
type Message = typeof message extends fc.Arbitrary<infer M> ? M : never;
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

function encode(messages: readonly Message[], base: number, compression: string): Buffer {
  const batch = createRecordsBatch(
    messages.map((one) => ({
      topic: 't',
      partition: 0,
      key: one.key ? Buffer.from(one.key) : undefined,
      value: one.value ? Buffer.from(one.value) : null,
      headers: new Map(
        Object.entries(one.headers).map(([k, v]) => [Buffer.from(k), Buffer.from(v)]),
      ),
      timestamp: BigInt(one.timestamp),
    })) as never,
    { compression: compression as 'none' },
  );
  const bytes = Buffer.from(batch.buffer);
  bytes.writeBigInt64BE(BigInt(base), 0);
  return bytes;
}

test('what the library encodes is read back, whatever the codec', () => {
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 1, maxLength: 12 }),
      fc.constantFrom(...codecs),
      fc.integer({ min: 0, max: 2 ** 40 }),
      fc.nat(14),
      (messages, codec, base, skip) => {
        const from = base + skip;
        const { records, next } = decodeBatches(encode(messages, base, codec), from, inflate);
        expect(next).toBe(Math.max(from, base + messages.length));
        expect(records).toEqual(
          messages.slice(skip).map((one, i) => ({
            offset: from + i,
            timestamp: one.timestamp,
            headers: one.headers,
            value: one.value === null ? null : Buffer.from(one.value),
          })),
        );
      },
    ),
  );
});

const three = Array.from({ length: 3 }, (_, i) => ({
  key: undefined,
  value: new Uint8Array([i]),
  headers: {},
  timestamp: 1_000 + i,
}));

test('a batch that is cut off is left for the next fetch', () => {
  const whole = encode(three, 0, 'none');
  const bytes = Buffer.concat([whole, encode(three, 3, 'none').subarray(0, -1)]);
  const { records, next } = decodeBatches(bytes, 0, inflate);
  expect(records.map((record) => record.offset)).toEqual([0, 1, 2]);
  expect(next).toBe(3);
  expect(decodeBatches(whole.subarray(0, 40), 7, inflate)).toEqual({ records: [], next: 7 });
});

test('with LogAppendTime every record has the time of the broker', () => {
  const bytes = encode(three, 0, 'none');
  bytes.writeInt16BE(bytes.readInt16BE(21) | 0x08, 21);
  bytes.writeBigInt64BE(5_000n, 35);
  const { records } = decodeBatches(bytes, 0, inflate);
  expect(records.map((record) => record.timestamp)).toEqual([5_000, 5_000, 5_000]);
});

test('a control batch moves the offset and gives no records', () => {
  const bytes = encode(three, 10, 'none');
  bytes.writeInt16BE(bytes.readInt16BE(21) | 0x20, 21);
  expect(decodeBatches(bytes, 10, inflate)).toEqual({ records: [], next: 13 });
});

test('a batch of an old format is refused by name', () => {
  const bytes = encode(three, 0, 'none');
  bytes[16] = 1;
  expect(() => decodeBatches(bytes, 0, inflate)).toThrow('format 1');
});
