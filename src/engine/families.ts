import type { ByteReader, ByteWriter } from '../core/bytes.ts';
import type { Moved } from './moved.ts';
import { type Row, Table } from './tables.ts';

interface FamilyRow extends Row {
  type: number;
}

const suffixes = ['_bucket', '_count', '_sum', '_total', '_info', '_created'];

/** Metric types by cluster and family. */
export class Families {
  readonly #rows = new Table<FamilyRow>(
    ({ cluster }, key) => `${cluster}${key.slice(key.indexOf('\0'))}`,
  );

  get count(): number {
    return this.#rows.size;
  }

  /** Returns false when `familiesMax` keeps it out. */
  set(cluster: number, family: string, type: number, familiesMax: number): boolean {
    const key = `${cluster}\0${family}`;
    const row = this.#rows.get(key);
    if (row) row.type = type;
    else if (this.#rows.size >= familiesMax) return false;
    else this.#rows.set(key, { cluster, type });
    return true;
  }

  /** Type of a metric by its name or, for `x_bucket` and the like, its family's; 0 when unknown. */
  type(cluster: number, metric: string): number {
    const own = this.#rows.get(`${cluster}\0${metric}`);
    if (own) return own.type;
    for (const suffix of suffixes) {
      if (!metric.endsWith(suffix)) continue;
      return this.#rows.get(`${cluster}\0${metric.slice(0, -suffix.length)}`)?.type ?? 0;
    }
    return 0;
  }

  absorb(from: Families, moved: Moved): void {
    this.#rows.absorb(from.#rows, moved);
  }

  save(out: ByteWriter): void {
    this.#rows.save(out);
  }

  load(input: ByteReader): void {
    this.#rows.load(input);
  }
}
