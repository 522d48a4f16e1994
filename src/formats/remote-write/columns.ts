/** A metadata entry of a protocol 1 request. `type` as in `metricTypes`. */
export interface FamilyMetadata {
  readonly type: MetricType;
  readonly family: string;
  readonly help: string;
  readonly unit: string;
}

/** Metric types by their number on the wire, the same in both protocols. */
export const metricTypes = [
  'unknown',
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
] as const;
export type MetricType = (typeof metricTypes)[number];

/**
 * One decoded request of either protocol as columns, used again for the next one. All `...Start`
 * and `...End` are offsets into `bytes`. Arrays may be longer than the counts say, and growth
 * replaces them: read them from here after each decode.
 *
 * Times are ms since the epoch, exact within 2^53. Values keep their 64 bits: `valueWords` is the
 * same memory as `values`, low word first.
 */
export declare class WriteColumns {
  protocol: 1 | 2;
  bytes: Uint8Array;

  /** Protocol 2: symbol k is bytes[symbolStart[k], symbolEnd[k]). */
  symbolCount: number;
  symbolStart: Uint32Array;
  symbolEnd: Uint32Array;

  seriesCount: number;
  /**
   * Labels of entry i. Protocol 1: the range in `bytes` of its label fields, one after the other.
   * Protocol 2: the range in `refs` of its symbol numbers, name and value in turn.
   */
  labelStart: Uint32Array;
  labelEnd: Uint32Array;
  refs: Uint32Array;
  /** Samples of entry i are sampleFrom[i] up to sampleFrom[i + 1]; likewise the next two. */
  sampleFrom: Uint32Array;
  histogramFrom: Uint32Array;
  exemplarFrom: Uint32Array;
  /** Protocol 2, symbol numbers and type as on the wire; 0 where absent. */
  metadataType: Uint8Array;
  helpRef: Uint32Array;
  unitRef: Uint32Array;

  sampleCount: number;
  times: Float64Array;
  values: Float64Array;
  valueWords: Uint32Array;
  /** When the counter began, ms; 0 where unset. */
  startTimes: Float64Array;

  histogramCount: number;
  /** Histogram k is the protobuf message bytes[histogramStart[k], histogramEnd[k]). */
  histogramStart: Uint32Array;
  histogramEnd: Uint32Array;
  histogramTimes: Float64Array;
  histogramStartTimes: Float64Array;
  /** 1 where the sum is a stale marker. */
  histogramStale: Uint8Array;

  exemplarCount: number;
  /** Exemplar k is the protobuf message bytes[exemplarStart[k], exemplarEnd[k]). */
  exemplarStart: Uint32Array;
  exemplarEnd: Uint32Array;

  /** Metadata entries of a protocol 1 request. */
  metadataCount: number;
  metadata(index: number): FamilyMetadata;
}
