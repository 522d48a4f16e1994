import { utf8 } from '../../core/bytes.ts';
import { grown } from '../remote-write/columns.ts';
import { BytesTable } from './bytes-table.ts';

export type Label = readonly [name: string, value: string];

/** Why a record of a line format gives no samples. */
export type LineReason =
  | 'not_a_metric'
  | 'bad_timestamp'
  | 'bad_value'
  | 'value_null'
  | 'incremental'
  | 'kind_unsupported';

/** A format in which a record holds one metric event. */
export interface LineFormat {
  readonly name: string;
  /** Adds the samples of `into.record` to `into`; the reason where it has none. */
  read(into: LineSamples): LineReason | undefined;
}

/**
 * Samples of records of a line format, as columns: sample i is (series[i], times[i], values[i]).
 * A series is known again by the bytes that name it in the record, so that labels are parsed once
 * per series, not once per sample.
 */
export class LineSamples {
  /** The record is bytes[start, end); `view` is of the same memory. */
  bytes = new Uint8Array(0);
  view = new DataView(this.bytes.buffer);
  start = 0;
  end = 0;

  count = 0;
  series = new Int32Array(1024);
  /** ms */
  times = new Float64Array(1024);
  values = new Float64Array(1024);

  readonly #seriesMax: number;
  #table = new BytesTable();
  #symbolIds = new Map<string, number>();
  #symbols: string[] = [];
  #symbolBytes: Uint8Array[] = [];
  #refs: Uint32Array[] = [];
  #after = -1;

  /** When more series than that are known, all are forgotten and learnt again. */
  constructor(seriesMax = 1_000_000) {
    this.#seriesMax = seriesMax;
  }

  get knownSeries(): number {
    return this.#refs.length;
  }

  /** UTF-8 of symbol `number`: label names and values, in the order of their first sight. */
  symbolBytes(number: number): Uint8Array {
    return this.#symbolBytes[number]!;
  }

  /** Symbol numbers of a series' names and values in turn, sorted by name. */
  refs(series: number): Uint32Array {
    return this.#refs[series]!;
  }

  labels(series: number): Label[] {
    const refs = this.#refs[series]!;
    return Array.from({ length: refs.length / 2 }, (_, i) => [
      this.#symbols[refs[2 * i]!]!,
      this.#symbols[refs[2 * i + 1]!]!,
    ]);
  }

  /** Empties the columns. Series stay known, unless there are too many. */
  clear(): void {
    this.count = 0;
    if (this.#refs.length <= this.#seriesMax) return;
    this.#table = new BytesTable();
    this.#symbolIds = new Map();
    this.#symbols = [];
    this.#symbolBytes = [];
    this.#refs = [];
    this.#after = -1;
  }

  /** Makes `record` the one to be read. */
  take(record: Uint8Array): void {
    if (record.buffer !== this.bytes.buffer) {
      // One array and view per fetched buffer, not one per record.
      this.bytes = new Uint8Array(record.buffer as ArrayBuffer);
      this.view = new DataView(record.buffer as ArrayBuffer);
    }
    this.start = record.byteOffset;
    this.end = record.byteOffset + record.byteLength;
  }

  /** The series whose key is bytes[start, end), -1 when unknown. */
  find(start: number, end: number): number {
    const series = this.#table.find(this.bytes, this.view, start, end, this.#after);
    if (series >= 0) this.#after = series;
    return series;
  }

  /** Makes the series known by its key bytes[start, end), which `find` did not know. */
  learn(start: number, end: number, labels: Label[]): number {
    const series = this.#table.add(this.bytes, this.view, start, end, this.#after);
    labels.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    this.#refs.push(Uint32Array.from(labels.flat(), (text) => this.#symbol(text)));
    this.#after = series;
    return series;
  }

  /** A series by its labels alone, for events that hold several. */
  byLabels(labels: Label[]): number {
    labels.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    const key = Buffer.from(labels.map(([name, value]) => `${name}\0${value}`).join('\0'));
    const { bytes, view } = this;
    this.bytes = new Uint8Array(key);
    this.view = new DataView(this.bytes.buffer);
    const found = this.find(0, key.length);
    const series = found >= 0 ? found : this.learn(0, key.length, labels);
    this.bytes = bytes;
    this.view = view;
    return series;
  }

  add(series: number, time: number, value: number): void {
    if (this.count === this.series.length) {
      this.series = grown(this.series);
      this.times = grown(this.times);
      this.values = grown(this.values);
    }
    this.series[this.count] = series;
    this.times[this.count] = time;
    this.values[this.count] = value;
    this.count++;
  }

  text(start: number, end: number): string {
    return Buffer.from(this.bytes.buffer, start, end - start).toString('utf8');
  }

  #symbol(text: string): number {
    const known = this.#symbolIds.get(text);
    if (known !== undefined) return known;
    this.#symbols.push(text);
    this.#symbolBytes.push(utf8(text));
    this.#symbolIds.set(text, this.#symbols.length - 1);
    return this.#symbols.length - 1;
  }
}
