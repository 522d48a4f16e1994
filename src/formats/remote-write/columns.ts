import { text } from '../../core/bytes.ts';
import { invariant } from '../../core/errors.ts';
import { type Kernel, link } from '../../core/heap.ts';
import { Scratch } from '../snappy/snappy.ts';
import { walkModule } from './walk-kernel.ts';
import { columnNames, firstColumn, frameSlots } from './walk-parts.ts';
import { Wire } from './wire.ts';

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

type Words = Uint32Array<ArrayBuffer>;
type Ids = Int32Array<ArrayBuffer>;
type Doubles = Float64Array<ArrayBuffer>;

/** Arrays that grow together in one block of the heap, by bytes per element. */
interface Group {
  readonly widths: readonly number[];
  address: number;
  capacity: number;
}

/**
 * One decoded request of either protocol as columns, used again for the next one. All `...Start`
 * and `...End` are offsets into `bytes`. Arrays may be longer than the counts say, and growth
 * replaces them: read them from here after each decode.
 *
 * Times are ms since the epoch, exact within 2^53. Values keep their 64 bits: `valueWords` is the
 * same memory as `values`, low word first.
 *
 * The arrays that the walk over plain entries fills (walk-kernel.ts) stand in the heap of the
 * scratch; the rarer ones are arrays of their own.
 */
export class WriteColumns {
  /** Decompress into this one, and decoding takes the bytes without a copy. */
  readonly scratch: Scratch;
  readonly wire = new Wire();
  readonly #kernel: Kernel;
  readonly #frameAt: number;
  readonly #symbols: Group = { widths: [4, 4, 4], address: 0, capacity: 0 };
  readonly #series: Group = { widths: [4, 4, 4, 4, 4, 4, 4, 4, 1], address: 0, capacity: 0 };
  readonly #refs: Group = { widths: [4], address: 0, capacity: 0 };
  readonly #samples: Group = { widths: [8, 8, 8, 4], address: 0, capacity: 0 };
  #buffer: ArrayBuffer;
  #base = 0;
  #length = 0;
  #frame!: Words;

  protocol: 1 | 2 = 2;
  bytes!: Uint8Array;
  /** A view of `bytes`. */
  view!: DataView;

  /** Protocol 2: symbol k is bytes[symbolStart[k], symbolEnd[k]). */
  symbolCount = 0;
  symbolStart!: Words;
  symbolEnd!: Words;
  /** Room for the ids of symbols and entries in the tables that look them up. */
  symbolIds!: Ids;

  seriesCount = 0;
  /**
   * Labels of entry i. Protocol 1: the range in `bytes` of its label fields, one after the other.
   * Protocol 2: the range in `refs` of its symbol numbers, name and value in turn.
   */
  labelStart!: Words;
  labelEnd!: Words;
  refCount = 0;
  refs!: Words;
  /** Samples of entry i are sampleFrom[i] up to sampleFrom[i + 1]; likewise the next two. */
  sampleFrom!: Words;
  histogramFrom!: Words;
  exemplarFrom!: Words;
  /** Protocol 2, type and symbol numbers as on the wire; 0 where absent. */
  metadataType!: Uint8Array<ArrayBuffer>;
  helpRef!: Words;
  unitRef!: Words;
  entryIds!: Ids;

  sampleCount = 0;
  times!: Doubles;
  values!: Doubles;
  valueWords!: Words;
  /** When the counter began, ms; 0 where unset. */
  startTimes!: Doubles;
  sampleIds!: Ids;

  histogramCount = 0;
  /** Histogram k is the protobuf message bytes[histogramStart[k], histogramEnd[k]). */
  histogramStart: Words = new Uint32Array(64);
  histogramEnd: Words = new Uint32Array(64);
  histogramTimes: Doubles = new Float64Array(64);
  histogramStartTimes: Doubles = new Float64Array(64);
  /** 1 where the sum is a stale marker. */
  histogramStale: Uint8Array<ArrayBuffer> = new Uint8Array(64);
  /** 1 where the start time was told by the series (rc.3), not by the message. */
  histogramCreated: Uint8Array<ArrayBuffer> = new Uint8Array(64);

  exemplarCount = 0;
  /** Exemplar k is the protobuf message bytes[exemplarStart[k], exemplarEnd[k]). */
  exemplarStart: Words = new Uint32Array(64);
  exemplarEnd: Words = new Uint32Array(64);

  /** Metadata entries of a protocol 1 request: type, then ranges of family, help and unit. */
  metadataCount = 0;
  familyTypes: Uint8Array<ArrayBuffer> = new Uint8Array(64);
  familyRanges: Words = new Uint32Array(64 * 6);

  constructor(scratch: Scratch = new Scratch()) {
    this.scratch = scratch;
    this.#buffer = scratch.heap.buffer;
    this.#kernel = link(walkModule, scratch.heap);
    this.#frameAt = scratch.heap.allocate(frameSlots * 4);
    this.growSymbols();
    this.growSeries();
    this.growRefs();
    this.growSamples();
  }

  /** Metadata entry `index` of a protocol 1 request. */
  metadata(index: number): FamilyMetadata {
    const part = (k: number): string => {
      const at = index * 6 + 2 * k;
      return text(this.bytes.subarray(this.familyRanges[at], this.familyRanges[at + 1]));
    };
    const type = metricTypes[this.familyTypes[index]!] ?? 'unknown';
    return { type, family: part(0), help: part(1), unit: part(2) };
  }

  /** Empties the columns for a new message. */
  begin(protocol: 1 | 2, bytes: Uint8Array): void {
    this.protocol = protocol;
    this.place(bytes);
    this.wire.at = 0;
    this.symbolCount = 0;
    this.seriesCount = 0;
    this.refCount = 0;
    this.sampleCount = 0;
    this.histogramCount = 0;
    this.exemplarCount = 0;
    this.metadataCount = 0;
  }

  /** Makes `bytes` the message, in the heap of the scratch. */
  place(bytes: Uint8Array): void {
    // A view from before the heap grew is empty now, and must not pass for an empty message.
    invariant(!(bytes.buffer as ArrayBuffer).detached, 'bytes are from before the heap grew');
    this.#length = bytes.length;
    if (bytes.buffer === this.scratch.heap.buffer) {
      this.#base = bytes.byteOffset;
    } else {
      this.#base = this.scratch.room(bytes.length);
      this.scratch.view(this.#base, bytes.length).set(bytes);
    }
    if (this.#buffer !== this.scratch.heap.buffer) this.#refresh();
    else this.#viewBytes();
  }

  #viewBytes(): void {
    this.bytes = new Uint8Array(this.#buffer, this.#base, this.#length);
    this.view = new DataView(this.#buffer, this.#base, this.#length);
    this.wire.bytes = this.bytes;
    this.wire.view = this.view;
  }

  /**
   * Reads plain fields from `at` on, until something unusual, a full array or a limit: returns
   * where that stands.
   */
  walk(at: number, samplesMax: number, seriesMax: number, symbolsMax: number): number {
    const frame = this.#frame;
    frame[0] = this.#base;
    frame[1] = this.symbolCount;
    frame[2] = Math.min(this.#symbols.capacity, symbolsMax);
    frame[3] = this.seriesCount;
    frame[4] = Math.min(this.#series.capacity - 1, seriesMax);
    frame[5] = this.refCount;
    frame[6] = this.#refs.capacity;
    frame[7] = this.sampleCount;
    frame[8] = Math.min(this.#samples.capacity, samplesMax - this.histogramCount);
    frame[9] = this.histogramCount;
    frame[10] = this.exemplarCount;
    const walk = this.protocol === 1 ? this.#kernel.walk1! : this.#kernel.walk2!;
    const end = this.#base + this.#length;
    const stopped = walk(this.#base + at, end, this.#frameAt);
    this.symbolCount = frame[1]!;
    this.seriesCount = frame[3]!;
    this.refCount = frame[5]!;
    this.sampleCount = frame[7]!;
    return stopped - this.#base;
  }

  growSymbols(): void {
    this.#grow(this.#symbols, this.symbolCount);
  }

  growSeries(): void {
    this.#grow(this.#series, this.seriesCount + 1);
  }

  growRefs(): void {
    this.#grow(this.#refs, this.refCount);
  }

  growSamples(): void {
    this.#grow(this.#samples, this.sampleCount);
  }

  growHistograms(): void {
    this.histogramStart = grown(this.histogramStart);
    this.histogramEnd = grown(this.histogramEnd);
    this.histogramTimes = grown(this.histogramTimes);
    this.histogramStartTimes = grown(this.histogramStartTimes);
    this.histogramStale = grown(this.histogramStale);
    this.histogramCreated = grown(this.histogramCreated);
  }

  growExemplars(): void {
    this.exemplarStart = grown(this.exemplarStart);
    this.exemplarEnd = grown(this.exemplarEnd);
  }

  growMetadata(): void {
    this.familyTypes = grown(this.familyTypes);
    this.familyRanges = grown(this.familyRanges);
  }

  /** Doubles a group and keeps the first `count` of each array. */
  #grow(group: Group, count: number): void {
    const { heap } = this.scratch;
    const capacity = Math.max(1024, group.capacity * 2);
    const address = heap.allocate(sizeOf({ ...group, capacity }));
    const bytes = new Uint8Array(heap.buffer);
    let from = group.address;
    let to = address;
    for (const width of group.widths) {
      bytes.copyWithin(to, from, from + Math.min(count, group.capacity) * width);
      from += group.capacity * width;
      to += capacity * width;
    }
    if (group.capacity > 0) heap.free(group.address, sizeOf(group));
    group.address = address;
    group.capacity = capacity;
    this.#refresh();
  }

  /** Makes all views anew: the heap or a group has moved. */
  #refresh(): void {
    const buffer = this.scratch.heap.buffer;
    this.#buffer = buffer;
    const words = ({ address, capacity }: Group, k: number): Words =>
      new Uint32Array(buffer, address + 4 * k * capacity, capacity);
    const doubles = ({ address, capacity }: Group, k: number): Doubles =>
      new Float64Array(buffer, address + 8 * k * capacity, capacity);
    const ids = ({ address, capacity }: Group, before: number): Ids =>
      new Int32Array(buffer, address + before * capacity, capacity);
    this.#frame = new Uint32Array(buffer, this.#frameAt, frameSlots);
    this.#viewBytes();
    this.symbolStart = words(this.#symbols, 0);
    this.symbolEnd = words(this.#symbols, 1);
    this.symbolIds = ids(this.#symbols, 8);
    const series = this.#series;
    this.labelStart = words(series, 0);
    this.labelEnd = words(series, 1);
    this.sampleFrom = words(series, 2);
    this.histogramFrom = words(series, 3);
    this.exemplarFrom = words(series, 4);
    this.helpRef = words(series, 5);
    this.unitRef = words(series, 6);
    this.entryIds = ids(series, 28);
    this.metadataType = new Uint8Array(
      buffer,
      series.address + 32 * series.capacity,
      series.capacity,
    );
    this.refs = words(this.#refs, 0);
    const samples = this.#samples;
    this.times = doubles(samples, 0);
    this.values = doubles(samples, 1);
    this.valueWords = new Uint32Array(buffer, this.values.byteOffset, samples.capacity * 2);
    this.startTimes = doubles(samples, 2);
    this.sampleIds = ids(samples, 24);
    columnNames.forEach((name, k) => {
      this.#frame[firstColumn + k] = this[name].byteOffset;
    });
  }
}

type NumberArray =
  | Uint8Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

function sizeOf({ widths, capacity }: Group): number {
  return widths.reduce((sum, width) => sum + width * capacity, 0);
}

/** A copy with room for `length` elements, twice as many as before by default. */
export function grown<A extends NumberArray>(array: A, length = array.length * 2): A {
  const bigger = new (array.constructor as new (length: number) => A)(length);
  bigger.set(array);
  return bigger;
}
