import { leastObservations, type Observations } from './quantile.ts';

/** More than any histogram has. */
const bucketsMax = 640;

/**
 * Observations between two scrapes, bucket by bucket. When there is room for no more the last
 * grows.
 */
export class Differences implements Observations {
  length = 0;
  readonly counts = new Float64Array(bucketsMax);
  readonly #upper = new Float64Array(bucketsMax);
  readonly exponential = false;
  readonly least = leastObservations;

  push(upper: number, count: number): void {
    if (this.length === bucketsMax) this.counts[bucketsMax - 1]! += count;
    else this.counts[this.length++] = count;
    this.#upper[this.length - 1] = upper;
  }

  lower(k: number): number {
    if (k > 0) return this.#upper[k - 1]!;
    return this.#upper[0]! > 0 ? 0 : Number.NEGATIVE_INFINITY;
  }

  upper(k: number): number {
    return this.#upper[k]!;
  }
}
