/** Beyond it (characters) a row is no row: another format, or a quote that nobody closes. */
const rowMax = 1 << 20;

export type Separator = ',' | ';' | '\t';

/**
 * CSV as RFC 4180 has it, by chunks of text: quoted fields with doubled quotes, any end of line, a
 * byte order mark, a last line without its end. A row is given out as soon as it is whole; empty
 * lines are no rows. Throws at a row of more than 1 Mi characters.
 */
export class CsvParser {
  readonly #row: (fields: readonly string[]) => void;
  readonly #separator: number;
  #fields: string[] = [];
  #field = '';
  /** Characters of the row so far, but for the field. */
  #size = 0;
  #quoted = false;
  /** The quoted field may be over: a second quote would be a quote in the text. */
  #closing = false;
  #hasQuotes = false;
  #begun = false;

  constructor(row: (fields: readonly string[]) => void, separator: Separator = ',') {
    this.#row = row;
    this.#separator = separator.charCodeAt(0);
  }

  push(chunk: string): void {
    let at = 0;
    if (!this.#begun && chunk.length > 0) {
      this.#begun = true;
      if (chunk.charCodeAt(0) === 0xfeff) at = 1;
    }
    while (at < chunk.length) {
      at = this.#quoted ? this.#inQuotes(chunk, at) : this.#plain(chunk, at);
    }
    if (this.#size + this.#field.length > rowMax) {
      const why = this.#quoted ? 'a quote is not closed' : 'this is not CSV';
      throw new Error(`a row has more than ${rowMax} characters: ${why}`);
    }
  }

  /** The end of the input. */
  end(): void {
    this.#quoted = false;
    this.#closing = false;
    this.#endRow();
  }

  #plain(chunk: string, start: number): number {
    for (let at = start; at < chunk.length; at++) {
      const c = chunk.charCodeAt(at);
      if (c === this.#separator) {
        this.#field += chunk.slice(start, at);
        this.#endField();
        return at + 1;
      }
      // The empty line between the two of a CRLF is no row.
      if (c === 0x0a || c === 0x0d) {
        this.#field += chunk.slice(start, at);
        this.#endRow();
        return at + 1;
      }
      if (c === 0x22 && at === start && this.#field === '') {
        this.#quoted = true;
        this.#hasQuotes = true;
        return at + 1;
      }
    }
    this.#field += chunk.slice(start);
    return chunk.length;
  }

  #inQuotes(chunk: string, start: number): number {
    if (this.#closing) {
      this.#closing = false;
      if (chunk.charCodeAt(start) === 0x22) {
        this.#field += '"';
        return start + 1;
      }
      this.#quoted = false;
      return start;
    }
    const quote = chunk.indexOf('"', start);
    if (quote < 0) {
      this.#field += chunk.slice(start);
      return chunk.length;
    }
    this.#field += chunk.slice(start, quote);
    this.#closing = true;
    return quote + 1;
  }

  #endField(): void {
    this.#fields.push(this.#field);
    this.#size += this.#field.length + 1;
    this.#field = '';
  }

  #endRow(): void {
    const isRow = this.#field !== '' || this.#fields.length > 0 || this.#hasQuotes;
    this.#endField();
    const fields = this.#fields;
    this.#fields = [];
    this.#size = 0;
    this.#hasQuotes = false;
    if (isRow) this.#row(fields);
  }
}
