import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../core/bytes.ts';
import type { LogRecord } from './log.ts';
import { readRecord, writeRecord } from './record-codec.ts';

const safe = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
const name = fc.string({ unit: 'binary' }).filter((text) => !/^\d+$|^__proto__$/.test(text));
const record: fc.Arbitrary<LogRecord> = fc.record({
  offset: safe,
  timestamp: safe,
  headers: fc.dictionary(name, fc.string({ unit: 'binary' }), { noNullPrototype: true }),
  value: fc.option(fc.uint8Array({ maxLength: 300 })),
});

const bytesOf = (each: LogRecord): Uint8Array => {
  const out = new ByteWriter(1);
  writeRecord(out, each);
  return out.take();
};

describe('the encoding of records', () => {
  test('gives back what was written, in order, one behind the other', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 8 }), (records) => {
        const out = new ByteWriter(1);
        for (const each of records) writeRecord(out, each);
        const input = new ByteReader(out.take());
        const read = records.map(() => readRecord(input));
        expect(read).toEqual(records);
        expect(read.map(({ headers }) => Object.keys(headers))).toEqual(
          records.map(({ headers }) => Object.keys(headers)),
        );
        expect(input.done).toBe(true);
      }),
    );
  });

  test('stays as it is: old journals must be read', () => {
    const bytes = bytesOf({
      offset: 0x1_0000_0002,
      timestamp: -1,
      headers: { kind: 'é' },
      value: Uint8Array.of(7, 8),
    });
    expect(Buffer.from(bytes).toString('hex')).toBe(
      `02000000010000${''}00ffffffffffffffff01000400${'6b696e64'}0200${'c3a9'}02000000${'0708'}`,
    );
    expect(
      Buffer.from(bytesOf({ offset: 0, timestamp: 0, headers: {}, value: null })).toString('hex'),
    ).toBe(`${'00'.repeat(16)}0000ffffffff`);
  });

  test('no value and an empty value are two things', () => {
    for (const value of [null, new Uint8Array(0)]) {
      const bytes = bytesOf({ offset: 1, timestamp: 2, headers: {}, value });
      expect(readRecord(new ByteReader(bytes)).value).toEqual(value);
    }
  });

  test('headers that cannot be written are refused, not cut', () => {
    for (const text of ['é'.repeat(33_000), 'x'.repeat(65_536)]) {
      const each = { offset: 0, timestamp: 0, headers: { name: text }, value: null };
      expect(() => bytesOf(each)).toThrow(/is too long/);
    }
    const fits = { offset: 0, timestamp: 0, headers: { name: 'x'.repeat(65_535) }, value: null };
    expect(readRecord(new ByteReader(bytesOf(fits)))).toEqual(fits);
  });

  test('cut off anywhere it is an error, never a wrong record', () => {
    const bytes = bytesOf({
      offset: 1,
      timestamp: 2,
      headers: { a: 'b' },
      value: Uint8Array.of(1),
    });
    for (let length = 0; length < bytes.length; length++) {
      expect(() => readRecord(new ByteReader(bytes.subarray(0, length)))).toThrow(/past the end/);
    }
  });
});
