import { isEmpty, numberOf } from './cells.ts';
import { type AskedColumns, type Layout, layoutOf } from './columns.ts';
import { CsvParser } from './csv.ts';
import { type Clock, clockOf, momentOf } from './moment.ts';

/** A row of the input. */
export interface SeriesRow {
  /** ms since the epoch; NaN when the row has no usable time. */
  readonly time: number;
  /** NaN when the row has no usable value. */
  readonly value: number;
  /** The cells as they came; `timeText` is the row number where there is no time column. */
  readonly timeText: string;
  readonly valueText: string;
  /** What tells its series from others; '' where no column is asked for. */
  readonly series: string;
}

/** Rows that could not be used, with the number (from 1) and the cell of the first one. */
export interface Unusable {
  count: number;
  first: number;
  cell: string;
}

export interface ReaderOptions {
  /** ms between rows when the file numbers them instead of dating them. */
  readonly indexMs: number;
  readonly columns: AskedColumns;
}

/** So much of the input is looked at before the first row is given out. */
const headLines = 8;
const headMax = 64 * 1024;

/**
 * Series as CSV: separated by commas, semicolons or tabs, with or without a header, time in any
 * usual spelling or no time at all. Rows come out as they come in.
 */
export class SeriesReader {
  readonly noTime: Unusable = { count: 0, first: 0, cell: '' };
  readonly noValue: Unusable = { count: 0, first: 0, cell: '' };
  readonly empty: Unusable = { count: 0, first: 0, cell: '' };
  readonly #options: ReaderOptions;
  readonly #row: (row: SeriesRow) => void;
  /** Rows of each series, where they are numbered. */
  readonly #numbers = new Map<string, number>();
  #parser: CsvParser | undefined;
  #head = '';
  #layout: Layout | undefined;
  #isHeader = false;
  #rows = 0;
  #clock: Clock | undefined;

  constructor(options: ReaderOptions, row: (row: SeriesRow) => void) {
    this.#options = options;
    this.#row = row;
  }

  /** Whether rows are numbered, not dated: their interval is an assumption. */
  get isIndexed(): boolean {
    return this.#rows > 0 && (this.#layout?.time === -1 || this.#clock === 'index');
  }

  /** Rows so far, without the header. */
  get rows(): number {
    return this.#rows;
  }

  /** Throws when the file cannot be read without a choice of the user's. */
  push(chunk: string): void {
    if (this.#parser) {
      this.#parser.push(chunk);
      return;
    }
    this.#head += chunk;
    if (this.#head.length > headMax || this.#head.split('\n', headLines + 1).length > headLines) {
      this.#begin(this.#head.slice(0, this.#head.lastIndexOf('\n') + 1) || this.#head);
    }
  }

  end(): void {
    if (!this.#parser) this.#begin(this.#head);
    this.#parser!.end();
  }

  #begin(sample: string): void {
    const layout = layoutOf(sample, this.#options.columns);
    this.#layout = layout;
    this.#isHeader = layout.hasHeader;
    this.#parser = new CsvParser((fields) => this.#fields(fields, layout), layout.separator);
    this.#parser.push(this.#head);
    this.#head = '';
  }

  #fields(fields: readonly string[], { time, value, series, separator }: Layout): void {
    if (this.#isHeader) {
      this.#isHeader = false;
      return;
    }
    this.#rows++;
    const valueText = (fields[value] ?? '').trim();
    const name = series < 0 ? '' : (fields[series] ?? '').trim();
    const number = time < 0 ? this.#next(name) : 0;
    const timeText = time < 0 ? String(number) : (fields[time] ?? '').trim();
    this.#row({
      time: time < 0 ? number * this.#options.indexMs : this.#time(timeText),
      value: this.#value(valueText, separator === ';'),
      timeText,
      valueText,
      series: name,
    });
  }

  #next(series: string): number {
    const number = this.#numbers.get(series) ?? 0;
    this.#numbers.set(series, number + 1);
    return number;
  }

  #time(cell: string): number {
    this.#clock ??= clockOf(cell);
    const time = this.#clock ? momentOf(cell, this.#clock, this.#options.indexMs) : Number.NaN;
    if (Number.isNaN(time)) this.#count(this.noTime, cell);
    return time;
  }

  #value(cell: string, hasDecimalComma: boolean): number {
    const value = isEmpty(cell) ? Number.NaN : numberOf(cell, hasDecimalComma);
    if (Number.isFinite(value)) return value;
    this.#count(isEmpty(cell) || !Number.isNaN(value) ? this.empty : this.noValue, cell);
    return Number.NaN;
  }

  #count(unusable: Unusable, cell: string): void {
    if (unusable.count++ > 0) return;
    unusable.first = this.#rows;
    unusable.cell = cell;
  }
}
