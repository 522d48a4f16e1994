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
}

/** Rows that could not be used, by reason, with the number of the first one (from 1). */
export interface Unusable {
  readonly noTime: { count: number; first: number };
  readonly noValue: { count: number; first: number };
  readonly empty: { count: number; first: number };
}

const timeNames = /^(@?timestamp|time|ts|t|date|datetime|date_?time|ds)$/i;
const valueNames = /^(value|val|v|y|values|data|metric_value)$/i;

/**
 * One series as CSV: with or without a header, time in any usual spelling or no time at all, further
 * columns ignored. Rows come out as they come in.
 */
export class SeriesReader {
  readonly unusable: Unusable = {
    noTime: { count: 0, first: 0 },
    noValue: { count: 0, first: 0 },
    empty: { count: 0, first: 0 },
  };
  readonly #parser: CsvParser;
  readonly #indexMs: number;
  readonly #row: (row: SeriesRow) => void;
  #rows = 0;
  #begun = false;
  #timeColumn = -1;
  #valueColumn = -1;
  #clock: Clock | undefined;

  /** `indexMs`: ms between rows when the file numbers them instead of dating them. */
  constructor(indexMs: number, row: (row: SeriesRow) => void) {
    this.#indexMs = indexMs;
    this.#row = row;
    this.#parser = new CsvParser((fields) => this.#fields(fields));
  }

  /** Whether rows are numbered, not dated: their interval is an assumption. */
  get isIndexed(): boolean {
    return this.#begun && (this.#timeColumn < 0 || this.#clock === 'index');
  }

  /** Rows so far, without the header. */
  get rows(): number {
    return this.#rows;
  }

  push(chunk: string): void {
    this.#parser.push(chunk);
  }

  end(): void {
    this.#parser.end();
  }

  #fields(fields: readonly string[]): void {
    if (!this.#begun) {
      this.#begun = true;
      if (this.#isHeader(fields)) return;
      this.#timeColumn = fields.length > 1 ? 0 : -1;
      this.#valueColumn = fields.length > 1 ? 1 : 0;
    }
    this.#rows++;
    const valueText = (fields[this.#valueColumn] ?? '').trim();
    const timeText =
      this.#timeColumn < 0 ? `${this.#rows - 1}` : (fields[this.#timeColumn] ?? '').trim();
    const time = this.#time(timeText);
    if (Number.isNaN(time)) this.#count('noTime');
    this.#row({ time, value: this.#value(valueText), timeText, valueText });
  }

  #isHeader(fields: readonly string[]): boolean {
    const cells = fields.map((field) => field.trim());
    const isTime = (cell: string) => clockOf(cell) !== undefined;
    if (cells.some((cell) => isTime(cell) || /^(nan|[-+]?inf(inity)?)$/i.test(cell))) return false;
    const time = cells.findIndex((cell) => timeNames.test(cell));
    const value = cells.findIndex((cell) => valueNames.test(cell));
    if (cells.length === 1) {
      this.#valueColumn = 0;
      return true;
    }
    this.#timeColumn = time >= 0 ? time : value === 0 ? -1 : 0;
    this.#valueColumn = value >= 0 ? value : this.#timeColumn === 0 ? 1 : 0;
    return true;
  }

  #time(cell: string): number {
    if (this.#timeColumn < 0) return (this.#rows - 1) * this.#indexMs;
    this.#clock ??= clockOf(cell);
    return this.#clock ? momentOf(cell, this.#clock, this.#indexMs) : Number.NaN;
  }

  #value(cell: string): number {
    if (cell === '' || /^(nan|null|na|none)$/i.test(cell)) {
      this.#count('empty');
      return Number.NaN;
    }
    const value = Number(cell);
    if (Number.isFinite(value)) return value;
    this.#count('noValue');
    return Number.NaN;
  }

  #count(reason: keyof Unusable): void {
    const counter = this.unusable[reason];
    if (counter.count++ === 0) counter.first = this.#rows;
  }
}
