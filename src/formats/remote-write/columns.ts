import { text } from '../../core/bytes.ts';

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

/** A metadata entry of a protocol 1 request. */
export interface FamilyMetadata {
  readonly type: MetricType;
  readonly family: string;
  readonly help: string;
  readonly unit: string;
}

/**
 * One decoded request of either protocol as columns, used again for the next one. All `...Start`
 * and `...End` are offsets into `bytes`. Arrays may be longer than the counts say, and growth
 * replaces them: read them from here after each decode.
 *
 * Times are ms since the epoch, exact within 2^53. Values keep their 64 bits: `valueWords` is the
 * same memory as `values`, low word first.
 */
export class WriteColumns {
  protocol: 1 | 2 = 2;
  bytes: Uint8Array = new Uint8Array(0);
  /** A view of `bytes`. */
  view: DataView = new DataView(new ArrayBuffer(0));

  /** Protocol 2: symbol k is bytes[symbolStart[k], symbolEnd[k]). */
  symbolCount = 0;
  symbolStart = new Uint32Array(1024);
  symbolEnd = new Uint32Array(1024);

  seriesCount = 0;
  /**
   * Labels of entry i. Protocol 1: the range in `bytes` of its label fields, one after the other.
   * Protocol 2: the range in `refs` of its symbol numbers, name and value in turn.
   */
  labelStart = new Uint32Array(1024);
  labelEnd = new Uint32Array(1024);
  refCount = 0;
  refs = new Uint32Array(16384);
  /** Samples of entry i are sampleFrom[i] up to sampleFrom[i + 1]; likewise the next two. */
  sampleFrom = new Uint32Array(1024);
  histogramFrom = new Uint32Array(1024);
  exemplarFrom = new Uint32Array(1024);
  /** Protocol 2, type and symbol numbers as on the wire; 0 where absent. */
  metadataType = new Uint8Array(1024);
  helpRef = new Uint32Array(1024);
  unitRef = new Uint32Array(1024);

  sampleCount = 0;
  times = new Float64Array(1024);
  values = new Float64Array(1024);
  valueWords = new Uint32Array(this.values.buffer);
  /** When the counter began, ms; 0 where unset. */
  startTimes = new Float64Array(1024);

  histogramCount = 0;
  /** Histogram k is the protobuf message bytes[histogramStart[k], histogramEnd[k]). */
  histogramStart = new Uint32Array(64);
  histogramEnd = new Uint32Array(64);
  histogramTimes = new Float64Array(64);
  histogramStartTimes = new Float64Array(64);
  /** 1 where the sum is a stale marker. */
  histogramStale = new Uint8Array(64);

  exemplarCount = 0;
  /** Exemplar k is the protobuf message bytes[exemplarStart[k], exemplarEnd[k]). */
  exemplarStart = new Uint32Array(64);
  exemplarEnd = new Uint32Array(64);

  /** Metadata entries of a protocol 1 request; ranges of `bytes`. */
  metadataCount = 0;
  familyType = new Uint8Array(64);
  familyStart = new Uint32Array(64);
  familyEnd = new Uint32Array(64);
  familyHelpStart = new Uint32Array(64);
  familyHelpEnd = new Uint32Array(64);
  familyUnitStart = new Uint32Array(64);
  familyUnitEnd = new Uint32Array(64);

  /** Metadata entry `index` of a protocol 1 request. */
  metadata(index: number): FamilyMetadata {
    const part = (start: Uint32Array, end: Uint32Array): string =>
      text(this.bytes.subarray(start[index], end[index]));
    return {
      type: metricTypes[this.familyType[index]!] ?? 'unknown',
      family: part(this.familyStart, this.familyEnd),
      help: part(this.familyHelpStart, this.familyHelpEnd),
      unit: part(this.familyUnitStart, this.familyUnitEnd),
    };
  }

  /** Empties the columns for a new message. */
  begin(protocol: 1 | 2, bytes: Uint8Array): void {
    this.protocol = protocol;
    // One hidden class (never Buffer's) keeps the hot loops monomorphic.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.symbolCount = 0;
    this.seriesCount = 0;
    this.refCount = 0;
    this.sampleCount = 0;
    this.histogramCount = 0;
    this.exemplarCount = 0;
    this.metadataCount = 0;
  }

  growSymbols(): void {
    this.symbolStart = grown(this.symbolStart);
    this.symbolEnd = grown(this.symbolEnd);
  }

  growSeries(): void {
    this.labelStart = grown(this.labelStart);
    this.labelEnd = grown(this.labelEnd);
    this.sampleFrom = grown(this.sampleFrom);
    this.histogramFrom = grown(this.histogramFrom);
    this.exemplarFrom = grown(this.exemplarFrom);
    this.metadataType = grown(this.metadataType);
    this.helpRef = grown(this.helpRef);
    this.unitRef = grown(this.unitRef);
  }

  growRefs(needed: number): void {
    while (this.refs.length < needed) this.refs = grown(this.refs);
  }

  growSamples(): void {
    this.times = grown(this.times);
    this.values = grown(this.values);
    this.valueWords = new Uint32Array(this.values.buffer);
    this.startTimes = grown(this.startTimes);
  }

  growHistograms(): void {
    this.histogramStart = grown(this.histogramStart);
    this.histogramEnd = grown(this.histogramEnd);
    this.histogramTimes = grown(this.histogramTimes);
    this.histogramStartTimes = grown(this.histogramStartTimes);
    this.histogramStale = grown(this.histogramStale);
  }

  growExemplars(): void {
    this.exemplarStart = grown(this.exemplarStart);
    this.exemplarEnd = grown(this.exemplarEnd);
  }

  growMetadata(): void {
    this.familyType = grown(this.familyType);
    this.familyStart = grown(this.familyStart);
    this.familyEnd = grown(this.familyEnd);
    this.familyHelpStart = grown(this.familyHelpStart);
    this.familyHelpEnd = grown(this.familyHelpEnd);
    this.familyUnitStart = grown(this.familyUnitStart);
    this.familyUnitEnd = grown(this.familyUnitEnd);
  }
}

type NumberArray =
  | Uint8Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

/** A copy with room for `length` elements, twice as many as before by default. */
export function grown<A extends NumberArray>(array: A, length = array.length * 2): A {
  const bigger = new (array.constructor as new (length: number) => A)(length);
  bigger.set(array);
  return bigger;
}
