import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WriteColumns } from '../remote-write/columns.ts';
import { decodeV2 } from '../remote-write/decode-v2.ts';
import { defaultWriteLimits } from '../remote-write/limits.ts';
import { formatDecimal, parseDecimal } from './decimal.ts';
import { type Label, LineSamples } from './line-samples.ts';
import { LineRequestEncoder } from './request.ts';
import { formatRfc3339, parseRfc3339 } from './rfc3339.ts';

const parseTime = (text: string): number => parseRfc3339(Buffer.from(text), 0, text.length);
const parse = (text: string) => parseDecimal(Buffer.from(text), 0, text.length);

test('times as Date reads them, cut to ms', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }), (date) => {
      expect(parseTime(date.toISOString())).toBe(date.getTime());
      expect(parseTime(formatRfc3339(date.getTime()))).toBe(date.getTime());
    }),
  );
  expect(parseTime('2026-03-01T10:00:00.123456789Z')).toBe(Date.UTC(2026, 2, 1, 10, 0, 0, 123));
  for (const bad of ['', '2026-03-01', '2026-03-01T10:00:00', '2026-03-01T10:00:00.Z']) {
    expect(parseTime(bad)).toBeNaN();
  }
});

test('numbers: every double comes back, other words do not', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(parse(formatDecimal(value))).toBe(value);
      expect(parse(String(value))).toBe(Number(String(value)));
    }),
  );
  for (const bad of ['', '-', '.', '1.2.3', '1x', '0x10', ' 1', 'e5']) {
    expect(parse(bad)).toBeUndefined();
  }
  expect(['1e21', '1e-7', '+Inf', '-inf'].map(parse)).toEqual([
    1e21,
    1e-7,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ]);
});

test('a request holds the samples with their labels, bits and times', () => {
  const label = fc.tuple(fc.string({ maxLength: 6 }), fc.string({ maxLength: 40 }));
  const sample = fc.record({
    labels: fc.array(label, { maxLength: 20 }),
    time: fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
    value: fc.double(),
  });
  const encoder = new LineRequestEncoder();
  const samples = new LineSamples();
  const columns = new WriteColumns();
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 10 }), (wanted) => {
      samples.clear();
      for (const one of wanted) {
        samples.add(
          samples.byLabels(one.labels.map(([a, b]): Label => [a, b])),
          one.time,
          one.value,
        );
      }
      decodeV2(encoder.encode(samples, 0, samples.count), defaultWriteLimits, columns);
      expect(columns.seriesCount).toBe(wanted.length);
      const symbol = (ref: number): string => {
        const { bytes, symbolStart, symbolEnd } = columns;
        return Buffer.from(bytes.subarray(symbolStart[ref], symbolEnd[ref])).toString();
      };
      wanted.forEach((one, i) => {
        const refs = [...columns.refs.subarray(columns.labelStart[i], columns.labelEnd[i])];
        expect(refs.map(symbol)).toEqual(samples.labels(samples.series[i]!).flat());
        const first = columns.sampleFrom[i]!;
        expect(columns.times[first]).toBe(one.time);
        expect(columns.values[first]).toBe(one.value);
      });
    }),
  );
});
