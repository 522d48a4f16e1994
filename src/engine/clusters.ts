import type { ByteReader, ByteWriter } from '../core/bytes.ts';
import type { ClusterView } from './processor.ts';

/** What no tenant may fill beside others: clusters are never forgotten. */
const ownShare = 0.75;

/** (tenant, cluster) pairs of a partition, by index in order of first sight, with their titles. */
export class Clusters implements ClusterView {
  #rows: [tenant: string, name: string, title: string][] = [];
  readonly #index = new Map<string, number>();
  /** Clusters by tenant; derived. */
  readonly #counts = new Map<string, number>();
  /** Clusters of the tenant that has most; derived. */
  #most = 0;

  get count(): number {
    return this.#rows.length;
  }

  /** Given on first sight; -1 when there is no room for another of this tenant. */
  indexOf(tenant: string, name: string, max: number): number {
    const key = `${tenant}\0${name}`;
    let index = this.#index.get(key);
    if (index === undefined) {
      const own = this.#counts.get(tenant) ?? 0;
      if (!this.#hasRoom(own, max)) return -1;
      index = this.#rows.push([tenant, name, '']) - 1;
      this.#index.set(key, index);
      this.#countOne(tenant, own);
    }
    return index;
  }

  #countOne(tenant: string, before: number): void {
    this.#counts.set(tenant, before + 1);
    this.#most = Math.max(this.#most, before + 1);
  }

  /**
   * A tenant alone may have `max`, beside others its share. What is left over of it is for the
   * others, on top of `max` where one had all before they came.
   */
  #hasRoom(own: number, max: number): boolean {
    const all = this.#rows.length;
    if (all === own) return own < max;
    const share = Math.ceil(max * ownShare);
    if (own >= share) return false;
    return all < max || all - this.#most < max - share;
  }

  tenant(index: number): string {
    return this.#rows[index]?.[0] ?? '';
  }

  name(index: number): string {
    return this.#rows[index]?.[1] ?? '';
  }

  title(index: number): string {
    return this.#rows[index]?.[2] || this.name(index);
  }

  /** Whether a title was given; then it stays. */
  hasTitle(index: number): boolean {
    return this.#rows[index]![2] !== '';
  }

  setTitle(index: number, title: string): void {
    this.#rows[index]![2] = title;
  }

  /** Takes over those of `from` that go here; returns their new indexes by the old ones. */
  absorb(from: Clusters, goesHere: (tenant: string, name: string) => boolean): Int32Array {
    const moved = new Int32Array(from.count).fill(-1);
    for (const [old, [tenant, name, title]] of from.#rows.entries()) {
      if (!goesHere(tenant, name)) continue;
      moved[old] = this.indexOf(tenant, name, Number.POSITIVE_INFINITY);
      if (title !== '') this.setTitle(moved[old]!, title);
    }
    return moved;
  }

  save(out: ByteWriter): void {
    out.text(JSON.stringify(this.#rows));
  }

  load(input: ByteReader): void {
    this.#rows = JSON.parse(input.text());
    this.#index.clear();
    this.#counts.clear();
    this.#most = 0;
    this.#rows.forEach(([tenant, name], i) => {
      this.#index.set(`${tenant}\0${name}`, i);
      this.#countOne(tenant, this.#counts.get(tenant) ?? 0);
    });
  }
}
