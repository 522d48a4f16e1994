import type { WriteLimits } from './limits.ts';

/** Histograms of a record, in wire order. Message i is bytes[starts[i], ends[i]). */
export interface HistogramSamples {
  readonly length: number;
  /** Raw series ids. */
  readonly series: Int32Array;
  readonly times: Float64Array;
  readonly startTimes: Float64Array;
  readonly stale: Uint8Array;
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/** Samples of a record, in wire order: valid until the next `read` of the same reader. */
export interface SampleColumns {
  readonly length: number;
  /** Raw series ids, dense, in the order in which the reader first saw them. */
  readonly series: Int32Array;
  /** ms */
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** `values` as 32-bit words, low word first: for `isStale`. */
  readonly words: Uint32Array;
  /** ms, 0 where unset. */
  readonly startTimes: Float64Array;
  readonly histograms: HistogramSamples;
  /** Raw ids from here up to `reader.count` are new in this record. */
  readonly firstNew: number;
}

/**
 * Reads records of remote write 2.0 into columns with dense raw series ids. What it knows is a
 * derived cache: after `clear` the same series get other ids, and nothing else changes.
 */
export declare class SeriesReader {
  constructor(options?: { seed?: number });

  /**
   * `bytes` is a decompressed request. Errors: `body_malformed`, `limit_exceeded`; then nothing
   * of the record counts (series it named may have got ids).
   */
  read(bytes: Uint8Array, limits?: WriteLimits): SampleColumns;

  /** Raw series ids given out so far: each is below it. */
  readonly count: number;
  /** Sorted by name, without labels of empty value. */
  labels(series: number): [name: string, value: string][];
  /** Metric type as last told for the series, as in `metricTypes`; 0 when never. */
  metricType(series: number): number;
  readonly bytesUsed: number;
  clear(): void;
}
