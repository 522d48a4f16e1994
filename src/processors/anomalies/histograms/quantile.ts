/** Observations of an interval by value: bucket k is (lower[k], upper[k]], in ascending order. */
export interface Buckets {
  length: number;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly counts: Float64Array;
  /** Whether values within a bucket are spread evenly over its logarithm (native, exponential). */
  exponential: boolean;
  /** Observations of which a quantile says something. */
  least: number;
}

/** More than any histogram has: Prometheus stops native ones at 160 by default. */
const bucketsMax = 640;

/** A quantile of fewer observations is chance. */
export const leastObservations = 10;

export const emptyBuckets = (): Buckets => ({
  length: 0,
  lower: new Float64Array(bucketsMax),
  upper: new Float64Array(bucketsMax),
  counts: new Float64Array(bucketsMax),
  exponential: false,
  least: leastObservations,
});

/** Adds the next bucket. When there is room for no more the last one grows. */
export function pushBucket(b: Buckets, lower: number, upper: number, count: number): void {
  if (b.length === bucketsMax) {
    b.upper[b.length - 1] = upper;
    b.counts[b.length - 1]! += count;
    return;
  }
  const at = b.length++;
  b.lower[at] = lower;
  b.upper[at] = upper;
  b.counts[at] = count;
}

export function observationsOf(b: Buckets): number {
  let total = 0;
  for (let k = 0; k < b.length; k++) total += b.counts[k]!;
  return total;
}

/**
 * The value that the part `q` of the `total` observations does not exceed, as PromQL's
 * histogram_quantile has it: within a bucket evenly spread; in the last, open one its lower bound.
 * NaN of too few.
 */
export function quantileOf(b: Buckets, total: number, q: number): number {
  if (!(total >= b.least && total > 0)) return Number.NaN;
  let rank = q * total;
  for (let k = 0; k < b.length; k++) {
    const count = b.counts[k]!;
    if (count > 0 && rank <= count) return within(b, k, rank / count);
    rank -= count;
  }
  return within(b, b.length - 1, 1);
}

function within(b: Buckets, k: number, part: number): number {
  const [lower, upper] = [b.lower[k]!, b.upper[k]!];
  if (upper === Number.POSITIVE_INFINITY) return Number.isFinite(lower) ? lower : Number.NaN;
  if (lower === Number.NEGATIVE_INFINITY) return upper;
  if (b.exponential && lower > 0) return lower * (upper / lower) ** part;
  if (b.exponential && upper < 0) return -(-lower * (upper / lower) ** part);
  return lower + (upper - lower) * part;
}
