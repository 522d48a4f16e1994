import { create, toBinary } from '@bufbuild/protobuf';
import type { SeriesInput } from '../formats/remote-write/encode.ts';
import {
  type Histogram,
  HistogramSchema,
} from '../formats/remote-write/fixtures/proto/write_v2_pb.js';
import { normalOf, randomOf } from '../models/series.test-kit.ts';

export const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
export const metric = 'http_request_duration_seconds';

/** Observations of a service, log-normal around 40 ms, and what histograms make of them. */
export class Service {
  readonly #noise = normalOf(randomOf(7));
  readonly #bounds: readonly number[];
  observed: number[] = [];
  /** By bucket of schema 2. */
  readonly counts = new Map<number, number>();
  readonly cumulative: Float64Array;

  constructor(own: readonly number[] = bounds) {
    this.#bounds = own;
    this.cumulative = new Float64Array(own.length + 1);
  }

  minute(slow = 1, requests = 200): void {
    this.observed = Array.from(
      { length: requests },
      () => slow * 0.04 * Math.exp(0.4 * this.#noise()),
    );
    for (const value of this.observed) {
      const index = Math.ceil(Math.log2(value) * 4);
      this.counts.set(index, (this.counts.get(index) ?? 0) + 1);
      for (let k = 0; k <= this.#bounds.length; k++) {
        if (!(value > (this.#bounds[k] ?? Number.POSITIVE_INFINITY))) this.cumulative[k]!++;
      }
    }
  }

  /** Its buckets as a classic histogram, in the order of their bounds. */
  series(
    time: number,
    more: Readonly<Record<string, string>> = { job: 'shop' },
    le: (bound: number) => string = String,
  ): SeriesInput[] {
    return [...this.#bounds, Number.POSITIVE_INFINITY].map((bound, k) => {
      const own = { __name__: `${metric}_bucket`, le: Number.isFinite(bound) ? le(bound) : '+Inf' };
      return series({ ...more, ...own }, time, this.cumulative[k]!);
    });
  }

  /** The same as a native one. */
  native(time: number, fields: NativeFields = {}, more = { job: 'shop' }): SeriesInput {
    return native(time, { counts: this.counts, ...fields }, more);
  }
}

export const series = (
  labels: Readonly<Record<string, string>>,
  time: number,
  value: number | 'stale',
): SeriesInput => ({
  labels: Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)),
  samples: [{ time, value }],
});

export interface NativeFields {
  /** By bucket index. */
  readonly counts?: ReadonlyMap<number, number>;
  readonly negative?: ReadonlyMap<number, number>;
  readonly zero?: number;
  readonly zeroThreshold?: number;
  readonly schema?: number;
  readonly float?: boolean;
  readonly customBounds?: readonly number[];
  readonly resetHint?: number;
}

export const native = (
  time: number,
  fields: NativeFields,
  more: Readonly<Record<string, string>> = { job: 'shop' },
): SeriesInput => ({
  labels: Object.entries({ __name__: metric, ...more }).sort(([a], [b]) => (a < b ? -1 : 1)),
  histograms: [nativeMessage(time, fields)],
});

function nativeMessage(time: number, given: NativeFields): Uint8Array {
  const { counts = new Map(), negative = new Map(), zero = 0, schema = 2, float = false } = given;
  const { zeroThreshold = given.customBounds ? 0 : 1e-9, customBounds = [], resetHint = 0 } = given;
  const total = [...counts.values(), ...negative.values()].reduce((a, b) => a + b, zero);
  const number = (name: string, value: number) => ({
    case: `${name}${float ? 'Float' : 'Int'}`,
    value: float ? value : BigInt(value),
  });
  const [above, below] = [sideOf(counts, float), sideOf(negative, float)];
  const fields = {
    count: number('count', total),
    zeroCount: number('zeroCount', zero),
    sum: 1,
    schema,
    zeroThreshold,
    positiveSpans: above.spans,
    negativeSpans: below.spans,
    ...(float
      ? { positiveCounts: above.counts, negativeCounts: below.counts }
      : { positiveDeltas: above.deltas, negativeDeltas: below.deltas }),
    customValues: customBounds,
    resetHint,
    timestamp: BigInt(time),
  } as unknown as Histogram;
  return toBinary(HistogramSchema, create(HistogramSchema, fields));
}

function sideOf(buckets: ReadonlyMap<number, number>, float: boolean) {
  const indexes = [...buckets.keys()].sort((a, b) => a - b);
  const counts = indexes.map((index) => buckets.get(index)!);
  let at = 0;
  const spans = indexes.map((index) => {
    const span = { offset: index - at, length: 1 };
    at = index + 1;
    return span;
  });
  if (float) return { spans, counts, deltas: [] };
  const deltas = counts.map((count, k) => BigInt(count - (k > 0 ? counts[k - 1]! : 0)));
  return { spans, counts, deltas };
}
