import type { FamilyMetadata, MetricType } from './columns.ts';

export interface SampleInput {
  /** ms */
  readonly time: number;
  /** A number, or 'stale' for the stale marker. */
  readonly value: number | 'stale';
  /** ms, when the counter began. */
  readonly startTime?: number;
}

export interface ExemplarInput {
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly time: number;
  readonly value: number;
}

/** One series entry. Labels are sent in the order given. */
export interface SeriesInput {
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly samples?: readonly SampleInput[];
  /** Histogram messages (protobuf, timestamp inside), verbatim. */
  readonly histograms?: readonly Uint8Array[];
  readonly exemplars?: readonly ExemplarInput[];
  /** Protocol 2 only. */
  readonly metadata?: { readonly type: MetricType; readonly help?: string; readonly unit?: string };
}

/** A remote write 2.0 request, not compressed: for simulators, sinks and tests. */
export declare function encodeRequest(series: readonly SeriesInput[]): Uint8Array;

/** A remote write 1.0 request, not compressed. */
export declare function encodeRequestV1(
  series: readonly SeriesInput[],
  metadata?: readonly FamilyMetadata[],
): Uint8Array;
