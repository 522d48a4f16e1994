import { text } from '../../core/bytes.ts';
import type { Scratch } from '../snappy/snappy.ts';
import { grown, type WriteColumns } from './columns.ts';
import { decodeV2 } from './decode-v2.ts';
import { recordLimits, type WriteLimits } from './limits.ts';
import { PredictingTable } from './predicting-table.ts';
import { ReadWorkspace } from './read-workspace.ts';
import { findSymbols, resolveSymbol } from './symbols.ts';
import { overLimit } from './wire.ts';

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

/** Samples of a record, in wire order: valid until the next `read` in the same workspace. */
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
  readonly #workspace: ReadWorkspace;
  readonly #seed: number;
  #tables: Tables;
  #types = new Uint8Array(64);
  #histogramSeries = new Int32Array(0);

  /** By default readers share one workspace per thread. */
  constructor(options: { workspace?: ReadWorkspace; seed?: number } = {}) {
    this.#workspace = options.workspace ?? sharedWorkspace();
    this.#seed = options.seed ?? 0;
    this.#tables = this.#newTables();
  }

  /** Decompress into this one, and `read` takes the bytes without a copy. */
  get scratch(): Scratch {
    return this.#workspace.scratch;
  }

  /** Raw series ids given out so far: each is below it. */
  get count(): number {
    return this.#tables.series.count;
  }

  /** Bytes of memory of its own. */
  get bytesUsed(): number {
    const { symbols, series } = this.#tables;
    return symbols.bytesUsed + series.bytesUsed + this.#types.byteLength;
  }

  clear(): void {
    abandoned.unregister(this);
    releaseTables(this.#tables);
    this.#tables = this.#newTables();
    this.#types = new Uint8Array(64);
  }

  #newTables(): Tables {
    const heap = this.#workspace.tables;
    const tables = {
      symbols: new PredictingTable(heap, this.#seed),
      series: new PredictingTable(heap, this.#seed),
    };
    abandoned.register(this, tables, this);
    return tables;
  }

  /** Sorted by name, without labels of empty value. */
  labels(series: number): [name: string, value: string][] {
    const vector = this.#tables.series.vector(series);
    const { symbols } = this.#tables;
    const labels: [string, string][] = [];
    for (let k = 0; k < vector.length; k += 2) {
      const value = text(symbols.bytes(vector[k + 1]!));
      if (value !== '') labels.push([text(symbols.bytes(vector[k]!)), value]);
    }
    return labels.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  }

  /**
   * Symbol ids of a series as sent: name and value in turn. A view, valid until the next `read`.
   */
  symbolsOf(series: number): Uint32Array {
    return this.#tables.series.vector(series);
  }

  /** Symbol ids given out so far: each is below it. */
  get symbolCount(): number {
    return this.#tables.symbols.count;
  }

  /** UTF-8 bytes of a symbol. A view, valid until the next `read`. */
  symbolBytes(symbol: number): Uint8Array {
    return this.#tables.symbols.bytes(symbol);
  }

  /** Metric type as told in the newest record of the series, as in `metricTypes`; 0 when not. */
  metricType(series: number): number {
    return this.#types[series]!;
  }

  /**
   * `bytes` is a decompressed request. Errors: `body_malformed`, `limit_exceeded`; then nothing
   * of the record counts, though series that it named may have got ids.
   */
  read(bytes: Uint8Array, limits: WriteLimits = recordLimits): SampleColumns {
    const c = this.#workspace.columns;
    decodeV2(bytes, limits, c);
    findSymbols(c, this.#tables.symbols);
    const firstNew = this.#tables.series.count;
    this.#findSeries(c, limits);
    this.#tables.series.spread(c);
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

  #findSeries(c: WriteColumns, limits: WriteLimits): void {
    const { seriesCount, entryIds, metadataType, helpRef, unitRef } = c;
    let after = -1;
    for (let i = 0; ; i++) {
      const stop = this.#tables.series.matchVectors(c, i, after);
      if (stop > i) after = entryIds[stop - 1]!;
      i = stop;
      if (i >= seriesCount) break;
      after = this.#findByHash(c, i, after, limits);
      entryIds[i] = after;
    }
    for (let i = 0; i < seriesCount; i++) {
      this.#types[entryIds[i]!] = metadataType[i]!;
      // Known symbols are found without hashing, so the texts that always come are made known.
      if (helpRef[i] !== 0) this.#learnSymbol(c, helpRef[i]!);
      if (unitRef[i] !== 0) this.#learnSymbol(c, unitRef[i]!);
    }
  }

  #learnSymbol(c: WriteColumns, ref: number): void {
    if (ref < c.symbolCount) resolveSymbol(c, this.#tables.symbols, ref);
  }

  #findByHash(c: WriteColumns, entry: number, after: number, { labelsMax }: WriteLimits): number {
    const { symbols, series } = this.#tables;
    const from = c.labelStart[entry]!;
    const count = c.labelEnd[entry]! - from;
    if (count > 2 * labelsMax) throw overLimit('labelsMax', labelsMax);
    if (count % 2 !== 0) c.wire.fail('a label without value');
    if (count * 4 > vector.byteLength) vector = new DataView(new ArrayBuffer(count * 8));
    for (let k = 0; k < count; k++) {
      const ref = c.refs[from + k]!;
      if (ref >= c.symbolCount) {
        c.wire.fail(`symbol ${ref} does not exist, there are ${c.symbolCount}`);
      }
      vector.setUint32(4 * k, resolveSymbol(c, symbols, ref), true);
    }
    const hash = series.hash(vector, 0, 4 * count);
    let id = series.lookup(vector, 0, 4 * count, hash);
    if (id < 0) id = series.add(vector, 0, 4 * count, hash);
    series.follow(after, id);
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

interface Tables {
  readonly symbols: PredictingTable;
  readonly series: PredictingTable;
}

function releaseTables({ symbols, series }: Tables): void {
  symbols.release();
  series.release();
}

/** A reader that was dropped without `clear` gives its memory back all the same. */
const abandoned = new FinalizationRegistry<Tables>(releaseTables);

let vector = new DataView(new ArrayBuffer(256));
let shared: ReadWorkspace | undefined;

function sharedWorkspace(): ReadWorkspace {
  shared ??= new ReadWorkspace();
  return shared;
}
