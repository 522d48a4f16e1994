import { lognormalShare } from '../metrics/lognormal.ts';
import type { NativeMetric } from '../metrics/metric.ts';
import type { Random } from '../random.ts';

/** Buckets kept of an exponential histogram. */
const bucketCount = 64;

/**
 * The state of one native histogram series: whole counts per bucket. Exponential buckets reach
 * from `firstIndex` on; with custom bounds, bucket i ends at bound i and the last one is open.
 */
export class NativeSeries {
  readonly slot: number;
  readonly metric: NativeMetric<never>;
  readonly row: number;
  readonly counts: Float64Array;
  firstIndex = 0;
  count = 0;
  sum = 0;
  #bounds: Float64Array | null = null;

  constructor(slot: number, metric: NativeMetric<never>, row: number) {
    this.slot = slot;
    this.metric = metric;
    this.row = row;
    const custom = metric.customBounds.length;
    this.counts = new Float64Array(custom > 0 ? custom + 1 : bucketCount);
  }

  reset(): void {
    this.counts.fill(0);
    this.count = 0;
    this.sum = 0;
  }

  /** Adds `seconds` of observations. */
  observe(entity: never, seconds: number, random: Random): void {
    const { rate, median, spread } = this.metric.observe(entity, this.row);
    const observed = Math.max(0, rate) * seconds;
    const logMedian = Math.log(median);
    const bounds = this.#logBounds(logMedian);
    const round = random.next();
    let below = 0;
    for (let i = 0; i < this.counts.length; i++) {
      // The last bucket takes what lies beyond, so that the buckets sum up to the count.
      const share = i < bounds.length ? lognormalShare(bounds[i]!, logMedian, spread) : 1;
      const upTo = Math.floor(observed * share + round);
      this.counts[i] = this.counts[i]! + upTo - below;
      below = upTo;
    }
    this.count += below;
    this.sum += below * median * Math.exp((spread * spread) / 2);
  }

  /** Logarithms of the upper bounds but the last; laid around the first median that is seen. */
  #logBounds(logMedian: number): Float64Array {
    if (this.#bounds) return this.#bounds;
    const { customBounds, schema } = this.metric;
    if (customBounds.length > 0) {
      this.#bounds = Float64Array.from(customBounds, Math.log);
      return this.#bounds;
    }
    const perOctave = 2 ** schema;
    const center = Math.ceil((logMedian / Math.LN2) * perOctave);
    this.firstIndex = center - bucketCount / 2;
    this.#bounds = Float64Array.from(
      { length: bucketCount - 1 },
      (_, i) => ((this.firstIndex + i) / perOctave) * Math.LN2,
    );
    return this.#bounds;
  }
}
