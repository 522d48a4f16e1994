import { stripVTControlCharacters } from 'node:util';

export interface TableOptions {
  /** Whether the header is bold. */
  readonly bold: boolean;
  /** Of the terminal: longer lines are cut. Without it nothing is. */
  readonly width?: number;
}

/** Rows whose widths are learnt before the first line is written. */
const rowsAheadMax = 200;

/**
 * A table of rows that come one by one: the first ones are held until `end` or until there are
 * many of them, to find the widths; the later ones widen a column where they must. Numbers stand
 * at the right.
 */
export class StreamingTable {
  readonly #columns: readonly string[];
  readonly #options: TableOptions;
  readonly #widths: number[];
  readonly #held: string[][] = [];
  readonly #isNumber: boolean[];
  #hasBegun = false;

  constructor(columns: readonly string[], options: TableOptions) {
    this.#columns = columns.map((name) => name.toUpperCase());
    this.#options = options;
    this.#widths = this.#columns.map((name) => name.length);
    this.#isNumber = columns.map(() => true);
  }

  /** Text to write now: may be '' while widths are being learnt. */
  line(values: readonly unknown[]): string {
    const cells = values.map(cellText);
    cells.forEach((cell, i) => {
      this.#widths[i] = Math.max(this.#widths[i]!, visibleLength(cell));
      const value = values[i];
      if (value !== null && value !== undefined && typeof value !== 'number') {
        this.#isNumber[i] = false;
      }
    });
    if (this.#hasBegun) return this.#format(cells);
    this.#held.push(cells);
    return this.#held.length >= rowsAheadMax ? this.flush() : '';
  }

  /** The rows that are held: call it when no more are expected for a while. */
  flush(): string {
    const header = this.#hasBegun ? '' : this.#header();
    this.#hasBegun = true;
    return (
      header +
      this.#held
        .splice(0)
        .map((cells) => this.#format(cells))
        .join('')
    );
  }

  #header(): string {
    const line = this.#format([...this.#columns]);
    return this.#options.bold ? `\u001b[1m${line.trimEnd()}\u001b[0m\n` : line;
  }

  #format(cells: readonly string[]): string {
    const padded = cells.map((cell, i) => {
      const space = ' '.repeat(Math.max(0, this.#widths[i]! - visibleLength(cell)));
      return this.#isNumber[i] ? space + cell : cell + space;
    });
    const line = padded.join('  ').trimEnd();
    const { width } = this.#options;
    return `${width !== undefined && line.length > width ? `${line.slice(0, width - 1)}…` : line}\n`;
  }
}

const visibleLength = (text: string): number => stripVTControlCharacters(text).length;

/** Control characters would let data drive the terminal. */
function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(short(value));
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, controlCode);
}

/** A table is for people: six digits, or two decimals, are enough. Other forms have them all. */
const short = (value: number): number =>
  Number(Math.abs(value) < 1000 ? value.toPrecision(6) : value.toFixed(2));

const controlCode = (char: string): string =>
  `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
