import type { ByteReader, ByteWriter } from '../core/bytes.ts';
import { type Moved, movedCluster } from './moved.ts';

/** Counters of a partition by cluster index (-1: of the partition) and reason; they only grow. */
export class Counters {
  #values = new Map<string, number>();

  add(cluster: number, reason: string, by: number): void {
    const key = `${cluster}/${reason}`;
    this.#values.set(key, (this.#values.get(key) ?? 0) + by);
  }

  /** Reasons and values of one cluster, by name. */
  of(cluster: number): Record<string, number> {
    const found: [string, number][] = [];
    const prefix = `${cluster}/`;
    for (const [key, value] of this.#values) {
      if (key.startsWith(prefix)) found.push([key.slice(prefix.length), value]);
    }
    return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  absorb(from: Counters, moved: Moved): void {
    for (const [key, value] of from.#values) {
      const at = key.indexOf('/');
      const cluster = movedCluster(moved, Number(key.slice(0, at)));
      if (cluster !== undefined) this.add(cluster, key.slice(at + 1), value);
    }
  }

  save(out: ByteWriter): void {
    out.text(JSON.stringify([...this.#values]));
  }

  load(input: ByteReader): void {
    this.#values = new Map(JSON.parse(input.text()));
  }
}
