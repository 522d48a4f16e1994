/** A native histogram. Counts of integer histograms are absolute here, not deltas. */
export interface NativeHistogram {
  /** ms */
  readonly time: number;
  readonly startTime: number;
  readonly count: number;
  readonly sum: number;
  /** -4..8 exponential, -53 custom bounds. */
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  /** Bucket index and count, ascending by index. */
  readonly positive: readonly (readonly [index: number, count: number])[];
  readonly negative: readonly (readonly [index: number, count: number])[];
  /** Upper bounds of a histogram of schema -53. */
  readonly customBounds: readonly number[];
  readonly resetHint: number;
  /** True when counts are floats on the wire. */
  readonly isFloat: boolean;
}

/** Reads the histogram message bytes[start, end) of either protocol. Error: `body_malformed`. */
export declare function readNativeHistogram(
  bytes: Uint8Array,
  start: number,
  end: number,
): NativeHistogram;
