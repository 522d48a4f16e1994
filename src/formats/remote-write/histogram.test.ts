import { create, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeastateError } from '../../core/errors.ts';
import { type Histogram, HistogramSchema } from './fixtures/proto/write_v2_pb.js';
import { histogramAgrees, readNativeHistogram } from './histogram.ts';

const bytesOf = (fields: Partial<Omit<Histogram, '$typeName'>>): Uint8Array =>
  toBinary(HistogramSchema, create(HistogramSchema, fields as Histogram));
const read = (fields: Partial<Histogram>) => {
  const bytes = bytesOf(fields);
  return readNativeHistogram(Buffer.concat([Buffer.from('xx'), bytes]), 2, 2 + bytes.length);
};
const agrees = (fields: Partial<Histogram>): boolean => {
  const bytes = bytesOf(fields);
  return histogramAgrees(bytes, 0, bytes.length);
};
const span = (offset: number, length: number) =>
  ({ offset, length }) as Histogram['positiveSpans'][number];
const int = (value: bigint) => ({ case: 'countInt' as const, value });
const zero = (value: bigint) => ({ case: 'zeroCountInt' as const, value });
const float = (value: number) => ({ case: 'countFloat' as const, value });

const whole = {
  count: int(22n),
  zeroCount: zero(2n),
  sum: 18.5,
  schema: 1,
  zeroThreshold: 0.001,
  positiveSpans: [span(-1, 2), span(3, 1)],
  positiveDeltas: [3n, -1n, 4n],
  negativeSpans: [span(0, 2)],
  negativeDeltas: [5n, -1n],
  resetHint: 2,
  timestamp: -5n,
  startTimestamp: 7n,
} satisfies Partial<Histogram>;

describe('readNativeHistogram', () => {
  test('gives absolute counts by bucket index', () => {
    expect(read(whole)).toEqual({
      time: -5,
      startTime: 7,
      count: 22,
      sum: 18.5,
      schema: 1,
      zeroThreshold: 0.001,
      zeroCount: 2,
      positive: { indexes: [-1, 0, 4], counts: [3, 2, 6] },
      negative: { indexes: [0, 1], counts: [5, 4] },
      customBounds: [],
      resetHint: 2,
      isFloat: false,
    });
  });

  test('reads float counts and custom bounds', () => {
    const histogram = read({
      count: float(2.5),
      schema: -53,
      positiveSpans: [span(0, 2)],
      positiveCounts: [1.5, 1],
      customValues: [0.1, 0.5, 10],
    });
    expect(histogram).toMatchObject({ isFloat: true, count: 2.5, customBounds: [0.1, 0.5, 10] });
    expect(histogram.positive).toEqual({ indexes: [0, 1], counts: [1.5, 1] });
  });

  test('never loops over a span that lies about its length', () => {
    const { positive } = read({ positiveSpans: [span(0, 0xffff_ffff)], positiveDeltas: [1n] });
    expect(positive).toEqual({ indexes: [0], counts: [1] });
  });

  test('reads or refuses any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          readNativeHistogram(bytes, 0, bytes.length);
          histogramAgrees(bytes, 0, bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(SeastateError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('histogramAgrees', () => {
  test.each([
    ['whole', whole],
    ['empty', {}],
    ['stale: nothing but a sum', { sum: Number.NaN }],
    ['zero bucket only', { count: int(2n), zeroCount: zero(2n) }],
    ['sum NaN and fewer in buckets', { ...whole, sum: Number.NaN, count: int(30n) }],
    [
      'float, where counts may differ',
      { count: float(9), positiveSpans: [span(0, 1)], positiveCounts: [1] },
    ],
    [
      'custom buckets',
      {
        schema: -53,
        count: int(3n),
        positiveSpans: [span(0, 3)],
        positiveDeltas: [1n, 0n, 0n],
        customValues: [1, 2],
      },
    ],
  ])('is true: %s', (_, fields) => {
    expect(agrees(fields as Partial<Histogram>)).toBe(true);
  });

  test.each([
    ['count 99 that disagrees with its buckets', { ...whole, count: int(99n) }],
    ['sum NaN and more in buckets than counted', { ...whole, sum: Number.NaN, count: int(21n) }],
    ['fewer buckets than spans', { ...whole, positiveDeltas: [3n, -1n] }],
    ['more buckets than spans', { ...whole, negativeSpans: [span(0, 1)] }],
    ['a second span of negative offset', { ...whole, positiveSpans: [span(0, 2), span(-1, 1)] }],
    [
      'a negative bucket',
      { count: int(0n), positiveSpans: [span(0, 2)], positiveDeltas: [1n, -2n] },
    ],
    [
      'a negative float bucket',
      { count: float(1), positiveSpans: [span(0, 1)], positiveCounts: [-1] },
    ],
    ['custom with a zero bucket', { schema: -53, count: int(1n), zeroCount: zero(1n) }],
    [
      'custom with negative buckets',
      { schema: -53, count: int(1n), negativeSpans: [span(0, 1)], negativeDeltas: [1n] },
    ],
    ['custom bounds out of order', { schema: -53, customValues: [2, 1] }],
    [
      'custom buckets past the last bound',
      {
        schema: -53,
        count: int(3n),
        positiveSpans: [span(0, 3)],
        positiveDeltas: [1n, 0n, 0n],
        customValues: [1],
      },
    ],
  ])('is false: %s', (_, fields) => {
    expect(agrees(fields as Partial<Histogram>)).toBe(false);
  });
});
