import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compress } from '../../../formats/snappy/snappy.ts';
import { ProtoWriter } from './bytes.ts';
import { histogramMessage, staleHistogram } from './native-histogram.ts';
import { decodeRequest, staleBits } from './oracle.test-kit.ts';

/** What the oracle reads of a message in a request of protocol 2. */
function read(message: Uint8Array) {
  const entry = new ProtoWriter().field(0x1a, message);
  const body = new ProtoWriter().byte(0x22).byte(0).field(0x2a, entry.written);
  return decodeRequest(2, compress(body.written)).series[0]!.histograms[0]!;
}

const filled = fc.array(fc.oneof(fc.constant(0), fc.nat(2 ** 40)), { minLength: 1, maxLength: 64 });

test('buckets come back where they were, and sum up to the count', () => {
  fc.assert(
    fc.property(filled, fc.integer({ min: -90, max: 90 }), (list, firstIndex) => {
      const counts = Float64Array.from(list);
      const count = list.reduce((sum, one) => sum + one, 0);
      const metric = { schema: 3, customBounds: [] };
      const message = histogramMessage(
        { counts, firstIndex, count, sum: 1.5, metric },
        1_795_000_000_000,
      );
      const { positiveSpans, positiveDeltas, ...rest } = read(message);
      const found = new Map<number, number>();
      let index = 0;
      let value = 0n;
      let next = 0;
      for (const { offset, length } of positiveSpans) {
        index += offset;
        for (let i = 0; i < length; i++, index++) {
          value += positiveDeltas[next++]!;
          if (value !== 0n) found.set(index, Number(value));
        }
      }
      const wanted = new Map<number, number>();
      list.forEach((one, i) => {
        if (one > 0) wanted.set(firstIndex + i, one);
      });
      expect(found).toEqual(wanted);
      expect(next).toBe(positiveDeltas.length);
      expect(rest).toMatchObject({
        count: BigInt(count),
        schema: 3,
        timestamp: 1_795_000_000_000n,
      });
      expect(positiveSpans.slice(1).every(({ offset }) => offset >= 0)).toBe(true);
    }),
  );
});

test('custom bounds and the stale marker', () => {
  const counts = Float64Array.from([0, 4, 0, 1]);
  const metric = { schema: -53, customBounds: [1, 2.5, 10] };
  const custom = read(histogramMessage({ counts, firstIndex: 99, count: 5, sum: 7, metric }, 1e12));
  expect(custom).toMatchObject({ schema: -53, count: 5n, customValues: [1, 2.5, 10] });
  expect(custom.positiveSpans).toMatchObject([{ offset: 1, length: 3 }]);
  expect(read(staleHistogram(1e12))).toMatchObject({ count: 0n, sum: staleBits });
});
