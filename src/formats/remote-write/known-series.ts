import { text, utf8 } from '../../core/bytes.ts';
import { grown, type WriteColumns } from './columns.ts';
import { type LabelList, validUtf8 } from './label-list.ts';
import { PredictingTable, TableHeap } from './predicting-table.ts';
import { resolveSymbol, symbolIsUtf8 } from './symbols.ts';

const emptySymbol = 0;

export type Labels = readonly (readonly [name: string, value: string])[];

export interface KnownSeriesOptions {
  readonly clusterLabels: readonly string[];
  readonly keep: ((labels: Labels) => boolean) | undefined;
  readonly seed: number;
}

/**
 * What is known of series that were seen before. A series is the vector of the symbol ids of its
 * labels, sorted and without empty values. Requests of protocol 2 are recognised by the vector as
 * sent (usually the same one), those of protocol 1 by the bytes of their label fields.
 */
export class KnownSeries {
  readonly heap = new TableHeap();
  /** Label names and values, help and units: all valid UTF-8. Id 0 is ''. */
  readonly symbols: PredictingTable;
  readonly vectors: PredictingTable;
  readonly blocks: PredictingTable;
  /** By vector: the canonical vector of the same series (itself, unless it is irregular). */
  canonical = new Int32Array(1024);
  /** By canonical vector: index into `clusters`; whether the filter keeps it. */
  cluster = new Int32Array(1024);
  kept = new Uint8Array(1024);
  /** By block: its canonical vector. */
  blockSeries = new Int32Array(1024);
  readonly clusters: string[] = [];
  readonly #clusterIds = new Map<number, number>();
  readonly #clusterNames: readonly number[];
  readonly #keep: ((labels: Labels) => boolean) | undefined;
  /** Symbol ids of the series that is looked at, as sent and as a vector. */
  #sent = new Int32Array(64).fill(-1);
  #vector = new DataView(new ArrayBuffer(256));
  #length = 0;

  constructor({ clusterLabels, keep, seed }: KnownSeriesOptions) {
    this.symbols = new PredictingTable(this.heap, seed);
    this.vectors = new PredictingTable(this.heap, seed);
    this.blocks = new PredictingTable(this.heap, seed);
    this.#keep = keep;
    this.#clusterNames = ['', ...clusterLabels].map((name) => this.#internText(name)).slice(1);
  }

  get count(): number {
    return this.vectors.count;
  }

  get bytesUsed(): number {
    return (
      this.symbols.bytesUsed +
      this.vectors.bytesUsed +
      this.blocks.bytesUsed +
      this.canonical.byteLength +
      this.cluster.byteLength +
      this.kept.byteLength +
      this.blockSeries.byteLength
    );
  }

  #internText(value: string): number {
    const bytes = utf8(value);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const hash = this.symbols.hash(view, 0, bytes.length);
    const known = this.symbols.lookup(view, 0, bytes.length, hash);
    return known >= 0 ? known : this.symbols.add(view, 0, bytes.length, hash);
  }

  /**
   * What the tables match of entry `index` (its vector, or with protocol 1 its block), -1 when it
   * is not known. `after` is what was found before it.
   */
  find(c: WriteColumns, index: number, after: number): number {
    const from = c.labelStart[index]!;
    const to = c.labelEnd[index]!;
    if (c.protocol === 1) {
      const id = this.blocks.lookup(c.view, from, to, this.blocks.hash(c.view, from, to));
      if (id >= 0) this.blocks.follow(after, id);
      return id;
    }
    this.#length = 0;
    for (let k = from; k < to; k++) {
      const ref = c.refs[k]!;
      // A vector that is known has known symbols only.
      if (ref >= c.symbolCount || c.symbolIds[ref]! < 0) return -1;
      this.#push(c.symbolIds[ref]!);
    }
    const hash = this.vectors.hash(this.#vector, 0, this.#length);
    const id = this.vectors.lookup(this.#vector, 0, this.#length, hash);
    if (id >= 0) this.vectors.follow(after, id);
    return id;
  }

  /**
   * Learns entry `index`, which `find` did not know and whose labels the list has found to be
   * good. Returns what `find` would; -1 when a label is no UTF-8.
   */
  learn(c: WriteColumns, index: number, list: LabelList, after: number): number {
    const count = 2 * list.count;
    if (count > this.#sent.length) this.#sent = grown(this.#sent, 2 * count);
    if (!(c.protocol === 1 ? this.#resolveRanges(c, list) : this.#resolveRefs(c, index, count))) {
      return -1;
    }
    this.#length = 0;
    for (const label of list.order) {
      const value = this.#sent[2 * label + 1]!;
      if (value === emptySymbol) continue;
      this.#push(this.#sent[2 * label]!);
      this.#push(value);
    }
    const before = this.vectors.count;
    const series = this.#internVector();
    if (series >= before) this.#describe(series);
    if (c.protocol === 1) return this.#learnBlock(c, index, series, after);
    let vector = series;
    if (list.irregular) {
      this.#length = 0;
      for (let k = 0; k < count; k++) this.#push(this.#sent[k]!);
      vector = this.#internVector();
      this.canonical[vector] = series;
    }
    this.vectors.follow(after, vector);
    return vector;
  }

  #learnBlock(c: WriteColumns, index: number, series: number, after: number): number {
    const from = c.labelStart[index]!;
    const to = c.labelEnd[index]!;
    const block = this.blocks.add(c.view, from, to, this.blocks.hash(c.view, from, to));
    if (block >= this.blockSeries.length) this.blockSeries = grown(this.blockSeries);
    this.blockSeries[block] = series;
    this.blocks.follow(after, block);
    return block;
  }

  #resolveRefs(c: WriteColumns, index: number, count: number): boolean {
    const from = c.labelStart[index]!;
    for (let k = 0; k < count; k++) {
      const ref = c.refs[from + k]!;
      if (c.symbolIds[ref]! < 0 && !symbolIsUtf8(c, ref)) return false;
      this.#sent[k] = resolveSymbol(c, this.symbols, ref);
    }
    return true;
  }

  /** Most symbols stand where the series learnt before had them, so that is looked at first. */
  #resolveRanges(c: WriteColumns, { count, ranges }: LabelList): boolean {
    const { symbols } = this;
    const { view } = c;
    for (let k = 0; k < 2 * count; k++) {
      const start = ranges[2 * k]!;
      const end = ranges[2 * k + 1]!;
      const before = this.#sent[k]!;
      if (before >= 0 && symbols.equals(before, view, start, end)) continue;
      const hash = symbols.hash(view, start, end);
      let id = symbols.lookup(view, start, end, hash);
      if (id < 0) {
        if (!validUtf8(c.bytes, start, end)) return false;
        id = symbols.add(view, start, end, hash);
      }
      this.#sent[k] = id;
    }
    return true;
  }

  #push(id: number): void {
    if (this.#length === this.#vector.byteLength) {
      const bigger = new DataView(new ArrayBuffer(this.#length * 2));
      new Uint8Array(bigger.buffer).set(new Uint8Array(this.#vector.buffer));
      this.#vector = bigger;
    }
    this.#vector.setUint32(this.#length, id, true);
    this.#length += 4;
  }

  #internVector(): number {
    const hash = this.vectors.hash(this.#vector, 0, this.#length);
    const known = this.vectors.lookup(this.#vector, 0, this.#length, hash);
    if (known >= 0) return known;
    const id = this.vectors.add(this.#vector, 0, this.#length, hash);
    if (id >= this.canonical.length) {
      this.canonical = grown(this.canonical);
      this.cluster = grown(this.cluster);
      this.kept = grown(this.kept);
    }
    return id;
  }

  /** What depends on the labels alone. */
  #describe(series: number): void {
    this.canonical[series] = series;
    this.cluster[series] = this.#clusterOf(series);
    this.kept[series] = this.#keep && !this.#keep(this.labels(series)) ? 0 : 1;
  }

  #clusterOf(series: number): number {
    const vector = this.vectors.vector(series);
    let value = 0;
    search: for (const name of this.#clusterNames) {
      for (let k = 0; k < vector.length; k += 2) {
        if (vector[k] !== name) continue;
        value = vector[k + 1]!;
        break search;
      }
    }
    const known = this.#clusterIds.get(value);
    if (known !== undefined) return known;
    this.#clusterIds.set(value, this.clusters.length);
    return this.clusters.push(text(this.symbols.bytes(value))) - 1;
  }

  /** Sorted labels of a canonical vector. */
  labels(series: number): [name: string, value: string][] {
    const vector = this.vectors.vector(series);
    const labels: [string, string][] = [];
    for (let k = 0; k < vector.length; k += 2) {
      labels.push([text(this.symbols.bytes(vector[k]!)), text(this.symbols.bytes(vector[k + 1]!))]);
    }
    return labels;
  }
}
