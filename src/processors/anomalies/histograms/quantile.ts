/** Observations of an interval by value: bucket k is (lower(k), upper(k)], in ascending order. */
export interface Observations {
  readonly length: number;
  readonly counts: Float64Array;
  /** Whether values within a bucket are spread evenly over its logarithm (native, exponential). */
  readonly exponential: boolean;
  /** Observations of which a quantile says something. */
  readonly least: number;
  lower(k: number): number;
  upper(k: number): number;
}

/** A quantile of fewer observations is chance. */
export const leastObservations = 10;

export function observationsOf({ counts, length }: Observations): number {
  let total = 0;
  for (let k = 0; k < length; k++) total += counts[k]!;
  return total;
}

/**
 * The value that the part `q` of the `total` observations does not exceed, as PromQL's
 * histogram_quantile has it: within a bucket evenly spread; in the last, open one its lower bound.
 * NaN of too few.
 */
export function quantileOf(o: Observations, total: number, q: number): number {
  if (!(total >= o.least && total > 0)) return Number.NaN;
  const { counts, length } = o;
  let rank = q * total;
  for (let k = 0; k < length; k++) {
    const count = counts[k]!;
    if (count > 0 && rank <= count) return within(o, k, rank / count);
    rank -= count;
  }
  return within(o, length - 1, 1);
}

function within(o: Observations, k: number, part: number): number {
  const [lower, upper] = [o.lower(k), o.upper(k)];
  if (upper === Number.POSITIVE_INFINITY) return Number.isFinite(lower) ? lower : Number.NaN;
  if (lower === Number.NEGATIVE_INFINITY) return upper;
  if (o.exponential && lower > 0) return lower * (upper / lower) ** part;
  if (o.exponential && upper < 0) return -(-lower * (upper / lower) ** part);
  return lower + (upper - lower) * part;
}
