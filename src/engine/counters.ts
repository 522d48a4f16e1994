import type { ByteReader, ByteWriter } from '../core/bytes.ts';
import { type Moved, movedCluster } from './moved.ts';

/** Counters of a partition by cluster index (-1: of the partition) and reason; they only grow. */
export class Counters {
  readonly #values = new Map<number, Map<string, number>>();

  add(cluster: number, reason: string, by: number): void {
    const own = this.#values.get(cluster) ?? new Map<string, number>();
    if (own.size === 0) this.#values.set(cluster, own);
    own.set(reason, (own.get(reason) ?? 0) + by);
  }

  /** Reasons and values of one cluster, by name. */
  of(cluster: number): Record<string, number> {
    const own = this.#values.get(cluster) ?? [];
    return Object.fromEntries([...own].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  absorb(from: Counters, moved: Moved): void {
    for (const [old, own] of from.#values) {
      const cluster = movedCluster(moved, old);
      if (cluster === undefined) continue;
      for (const [reason, value] of own) this.add(cluster, reason, value);
    }
  }

  save(out: ByteWriter): void {
    const all = [...this.#values].flatMap(([cluster, own]) =>
      [...own].map(([reason, value]) => [`${cluster}/${reason}`, value]),
    );
    out.text(JSON.stringify(all));
  }

  load(input: ByteReader): void {
    this.#values.clear();
    for (const [key, value] of JSON.parse(input.text()) as [string, number][]) {
      const at = key.indexOf('/');
      this.add(Number(key.slice(0, at)), key.slice(at + 1), value);
    }
  }
}
