import { text } from '../../core/bytes.ts';
import { Scratch } from '../snappy/snappy.ts';
import { grown, WriteColumns } from './columns.ts';
import { decodeV2 } from './decode-v2.ts';
import { recordLimits, type WriteLimits } from './limits.ts';
import { PredictingTable } from './predicting-table.ts';
import { findSymbols, resolveSymbol } from './symbols.ts';

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
  /** Decompress into this one, and `read` takes the bytes without a copy. */
  readonly scratch = new Scratch();
  readonly #columns = new WriteColumns(this.scratch);
  readonly #seed: number;
  #symbols: PredictingTable;
  #series: PredictingTable;
  #types = new Uint8Array(1024);
  #vector = new DataView(new ArrayBuffer(256));
  #histogramSeries = new Int32Array(64);

  constructor(options: { seed?: number } = {}) {
    this.#seed = options.seed ?? 0;
    this.#symbols = new PredictingTable(this.#seed);
    this.#series = new PredictingTable(this.#seed);
  }

  /** Raw series ids given out so far: each is below it. */
  get count(): number {
    return this.#series.count;
  }

  get bytesUsed(): number {
    return (
      this.#symbols.bytesUsed +
      this.#series.bytesUsed +
      this.#types.byteLength +
      this.scratch.heap.bytesUsed
    );
  }

  clear(): void {
    this.#symbols = new PredictingTable(this.#seed);
    this.#series = new PredictingTable(this.#seed);
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
    findSymbols(c, this.#symbols);
    const firstNew = this.#series.count;
    this.#findSeries(c);
    this.#series.spread(c);
    if (c.histogramCount > 0) this.#spreadHistograms(c);
    return {
      length: c.sampleCount,
      series: c.sampleIds,
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

  #findSeries(c: WriteColumns): void {
    const { seriesCount, entryIds, metadataType } = c;
    let after = -1;
    for (let i = 0; ; i++) {
      const stop = this.#series.matchVectors(c, i, after);
      if (stop > i) after = entryIds[stop - 1]!;
      i = stop;
      if (i >= seriesCount) break;
      after = this.#findByHash(c, i, after);
      entryIds[i] = after;
    }
    for (let i = 0; i < seriesCount; i++) {
      if (metadataType[i] !== 0) this.#types[entryIds[i]!] = metadataType[i]!;
    }
  }

  #findByHash(c: WriteColumns, entry: number, after: number): number {
    const from = c.labelStart[entry]!;
    const count = c.labelEnd[entry]! - from;
    if (count % 2 !== 0) c.wire.fail('a label without value');
    if (count * 4 > this.#vector.byteLength) {
      this.#vector = new DataView(new ArrayBuffer(count * 8));
    }
    for (let k = 0; k < count; k++) {
      const ref = c.refs[from + k]!;
      if (ref >= c.symbolCount) {
        c.wire.fail(`symbol ${ref} does not exist, there are ${c.symbolCount}`);
      }
      this.#vector.setUint32(4 * k, resolveSymbol(c, this.#symbols, ref), true);
    }
    const known = this.#series.find(this.#vector, 0, 4 * count, after);
    if (known >= 0) return known;
    const id = this.#series.add(this.#vector, 0, 4 * count, after);
    if (id >= this.#types.length) this.#types = grown(this.#types);
    return id;
  }

  #spreadHistograms(c: WriteColumns): void {
    if (this.#histogramSeries.length < c.histogramTimes.length) {
      this.#histogramSeries = new Int32Array(c.histogramTimes.length);
    }
    for (let i = 0; i < c.seriesCount; i++) {
      this.#histogramSeries.fill(c.entryIds[i]!, c.histogramFrom[i], c.histogramFrom[i + 1]);
    }
  }
}
