import type { ByteReader, ByteWriter } from '../core/bytes.ts';

/** What a row may hold: JSON, without NaN, infinities, -0 and undefined (they do not survive it). */
export interface Row {
  /** Index of the row's cluster (`context.clusters`), so that the row can follow it (rekey). */
  cluster: number;
}

/** Small keyed state: plain records in insertion order. A changed row is changed in place. */
export class Table<R extends Row> {
  readonly #rows = new Map<string, R>();

  get size(): number {
    return this.#rows.size;
  }

  get(key: string): R | undefined {
    return this.#rows.get(key);
  }

  set(key: string, row: R): R {
    this.#rows.set(key, row);
    return row;
  }

  delete(key: string): boolean {
    return this.#rows.delete(key);
  }

  entries(): IterableIterator<[string, R]> {
    return this.#rows.entries();
  }

  values(): IterableIterator<R> {
    return this.#rows.values();
  }

  save(out: ByteWriter): void {
    out.text(JSON.stringify([...this.#rows]));
  }

  load(input: ByteReader): void {
    this.#rows.clear();
    for (const [key, row] of JSON.parse(input.text()) as [string, R][]) this.#rows.set(key, row);
  }
}
