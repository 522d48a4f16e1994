import { text } from '../../core/bytes.ts';
import { BytesTable } from './bytes-table.ts';
import { grown, WriteColumns } from './columns.ts';
import { decodeV2 } from './decode-v2.ts';
import { recordLimits, type WriteLimits } from './limits.ts';
import { SymbolMap } from './symbol-map.ts';
import { VectorTable } from './vector-table.ts';
import { Wire } from './wire.ts';

/** Histograms of a record, in wire order. Message i is bytes[starts[i], ends[i]). */
export interface HistogramSamples {
  readonly length: number;
  /** Raw series ids. */
  readonly series: Int32Array;
  /** ms */
  readonly times: Float64Array;
  readonly startTimes: Float64Array;
  /** 1 where the sum is a stale marker. */
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
 *
 * Symbols get ids once per record, and a series is the vector of its symbol ids, compared first
 * with the series that followed the one before it last time.
 */
export class SeriesReader {
  readonly #seed: number;
  readonly #columns = new WriteColumns();
  #symbols: BytesTable;
  #series: VectorTable;
  readonly #map = new SymbolMap();
  #types = new Uint8Array(1024);
  #vector = new Uint32Array(64);
  #sampleSeries = new Int32Array(1024);
  #histogramSeries = new Int32Array(64);

  constructor(options: { seed?: number } = {}) {
    this.#seed = options.seed ?? 0;
    this.#symbols = new BytesTable(this.#seed);
    this.#series = new VectorTable(this.#seed);
  }

  /** Raw series ids given out so far: each is below it. */
  get count(): number {
    return this.#series.count;
  }

  get bytesUsed(): number {
    return this.#symbols.bytesUsed + this.#series.bytesUsed + this.#types.byteLength;
  }

  clear(): void {
    this.#symbols = new BytesTable(this.#seed);
    this.#series = new VectorTable(this.#seed);
    this.#types = new Uint8Array(1024);
  }

  /** Sorted by name, without labels of empty value. */
  labels(series: number): [name: string, value: string][] {
    const vector = this.#series.vector(series);
    const labels: [string, string][] = [];
    for (let k = 0; k < vector.length; k += 2) {
      const value = text(this.#symbols.bytes(vector[k + 1]!));
      if (value !== '') labels.push([text(this.#symbols.bytes(vector[k]!)), value]);
    }
    return labels.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  }

  /** Metric type as last told for the series, as in `metricTypes`; 0 when never. */
  metricType(series: number): number {
    return this.#types[series]!;
  }

  /**
   * `bytes` is a decompressed request. Errors: `body_malformed`, `limit_exceeded`; then nothing
   * of the record counts, though series that it named may have got ids.
   */
  read(bytes: Uint8Array, limits: WriteLimits = recordLimits): SampleColumns {
    const c = this.#columns;
    decodeV2(bytes, limits, c);
    this.#map.read(c, this.#symbols);
    if (this.#sampleSeries.length < c.times.length) {
      this.#sampleSeries = new Int32Array(c.times.length);
    }
    if (this.#histogramSeries.length < c.histogramTimes.length) {
      this.#histogramSeries = new Int32Array(c.histogramTimes.length);
    }
    const firstNew = this.#series.count;
    this.#readSeries(c);
    return {
      length: c.sampleCount,
      series: this.#sampleSeries,
      times: c.times,
      values: c.values,
      words: c.valueWords,
      startTimes: c.startTimes,
      histograms: {
        length: c.histogramCount,
        series: this.#histogramSeries,
        times: c.histogramTimes,
        startTimes: c.histogramStartTimes,
        stale: c.histogramStale,
        bytes: c.bytes,
        starts: c.histogramStart,
        ends: c.histogramEnd,
      },
      firstNew,
    };
  }

  #readSeries(c: WriteColumns): void {
    const { labelStart, labelEnd, sampleFrom, histogramFrom, metadataType, refs } = c;
    const ids = this.#map.ids;
    const table = this.#series;
    let { items, starts, next } = table;
    let after = -1;
    for (let i = 0; i < c.seriesCount; i++) {
      const from = labelStart[i]!;
      const count = labelEnd[i]! - from;
      let id = next[after + 1]!;
      if (id >= 0) {
        const start = starts[id]!;
        if (starts[id + 1]! - start === count) {
          for (let k = 0; k < count; k++) {
            if (items[start + k] !== ids[refs[from + k]!]) {
              id = -1;
              break;
            }
          }
        } else id = -1;
      }
      if (id < 0) {
        id = this.#slowSeries(c, from, count, after);
        ({ items, starts, next } = table);
      }
      if (metadataType[i] !== 0) this.#types[id] = metadataType[i]!;
      for (let k = sampleFrom[i]!; k < sampleFrom[i + 1]!; k++) this.#sampleSeries[k] = id;
      for (let k = histogramFrom[i]!; k < histogramFrom[i + 1]!; k++) {
        this.#histogramSeries[k] = id;
      }
      after = id;
    }
  }

  #slowSeries(c: WriteColumns, from: number, count: number, after: number): number {
    if (count % 2 !== 0) new Wire(c.bytes, c.view).fail('a label without value');
    if (count > this.#vector.length) this.#vector = new Uint32Array(count * 2);
    const vector = this.#vector;
    for (let k = 0; k < count; k++) {
      const ref = c.refs[from + k]!;
      if (ref >= c.symbolCount) {
        new Wire(c.bytes, c.view).fail(`symbol ${ref} of ${c.symbolCount} does not exist`);
      }
      vector[k] = this.#map.resolve(c, this.#symbols, ref);
    }
    const known = this.#series.find(vector, count, after);
    if (known >= 0) return known;
    const id = this.#series.add(vector, count, after);
    if (id >= this.#types.length) this.#types = grown(this.#types);
    return id;
  }
}
