/**
 * CSV as RFC 4180 has it, by chunks of text: quoted fields with doubled quotes, CRLF or LF, a byte
 * order mark, a last line without its end. A row is given out as soon as it is whole.
 */
export class CsvParser {
  readonly #row: (fields: readonly string[]) => void;
  #fields: string[] = [];
  #field = '';
  #quoted = false;
  /** The quoted field may be over: a second quote would be a quote in the text. */
  #closing = false;
  #begun = false;

  constructor(row: (fields: readonly string[]) => void) {
    this.#row = row;
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
  }

  /** The end of the input. */
  end(): void {
    this.#quoted = false;
    this.#closing = false;
    if (this.#field !== '' || this.#fields.length > 0) this.#endRow();
  }

  #plain(chunk: string, start: number): number {
    for (let at = start; at < chunk.length; at++) {
      const c = chunk.charCodeAt(at);
      if (c === 0x2c || c === 0x0a) {
        this.#field += chunk.slice(start, at);
        if (c === 0x2c) this.#endField();
        else this.#endRow();
        return at + 1;
      }
      if (c === 0x22 && at === start && this.#field === '') {
        this.#quoted = true;
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
    this.#field = '';
  }

  /** Empty lines are no rows. */
  #endRow(): void {
    if (this.#field.endsWith('\r')) this.#field = this.#field.slice(0, -1);
    this.#endField();
    const fields = this.#fields;
    this.#fields = [];
    if (fields.length > 1 || fields[0] !== '') this.#row(fields);
  }
}
