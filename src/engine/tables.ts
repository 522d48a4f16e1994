import type { ByteReader, ByteWriter } from '../core/bytes.ts';
import { SeastateError } from '../core/errors.ts';
import { type Moved, movedCluster } from './moved.ts';

/**
 * What a row may hold: JSON, without NaN, infinities, -0 and undefined (they do not survive it).
 */
export interface Row {
  /** Index of the row's cluster (`context.clusters`), so that the row can follow it (rekey). */
  cluster: number;
  /** Slot of its series where it is about one; -1 for none. No other field may hold an index. */
  slot?: number;
}

/** The key of a row that was given a new `cluster` and `slot`; `key` is the one it had. */
export type RowKey<R extends Row> = (row: R, key: string) => string;

/** For tables whose keys hold no index of a cluster or slot. */
export const sameKey: RowKey<Row> = (_, key) => key;

/** Small keyed state: plain records in insertion order. A changed row is changed in place. */
export class Table<R extends Row> {
  readonly #rows = new Map<string, R>();
  readonly #keyOf: RowKey<R>;

  constructor(keyOf: RowKey<R>) {
    this.#keyOf = keyOf;
  }

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

  /** Takes over the rows of another partition's table that moved here. */
  absorb(from: Table<R>, moved: Moved): void {
    for (const [key, row] of from.entries()) {
      const cluster = movedCluster(moved, row.cluster);
      if (cluster === undefined) continue;
      const copy: R = { ...row, cluster };
      if (row.slot !== undefined && row.slot >= 0) copy.slot = moved.slots[row.slot]!;
      const newKey = this.#keyOf(copy, key);
      if (this.#rows.has(newKey)) {
        throw new SeastateError(
          'rekey_refused',
          `two partitions have a row "${newKey}", and they would come into one: a key that is ` +
            'not of one cluster cannot be moved; put the cluster into it',
        );
      }
      this.#rows.set(newKey, copy);
    }
  }

  save(out: ByteWriter): void {
    out.text(JSON.stringify([...this.#rows]));
  }

  load(input: ByteReader): void {
    this.#rows.clear();
    for (const [key, row] of JSON.parse(input.text()) as [string, R][]) this.#rows.set(key, row);
  }
}
