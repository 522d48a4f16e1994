import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeRequest, type SampleInput } from './encode.ts';
import { SeriesWriter } from './series-writer.ts';

const series = [
  [
    ['__name__', 'up'],
    ['job', 'é'],
  ],
  [
    ['__name__', 'down'],
    ['job', 'up'],
  ],
] as [string, string][][];

const sample: fc.Arbitrary<readonly [number, SampleInput]> = fc.tuple(
  fc.nat(1),
  fc.record({
    time: fc.integer({ min: -(2 ** 52), max: 2 ** 52 }).filter((time) => time !== 0),
    value: fc.oneof(fc.double({ noNaN: true }), fc.constant('stale' as const)),
  }),
);

test('a request is byte for byte that of the plain encoder, whatever was written before', () => {
  const writer = new SeriesWriter();
  const known = series.map((labels) => writer.define(labels));
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 20 }), (samples) => {
      for (const [at, { time, value }] of samples) writer.add(known[at]!, time, value);
      expect(writer.sampleCount).toBe(samples.length);
      const plain = encodeRequest(
        samples.map(([at, each]) => ({ labels: series[at]!, samples: [each] })),
      );
      expect(Buffer.from(writer.finish())).toEqual(Buffer.from(plain));
    }),
  );
});
