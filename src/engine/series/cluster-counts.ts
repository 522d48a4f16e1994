import type { ByteReader, ByteWriter } from '../../core/bytes.ts';
import { Columns } from '../columns.ts';

/** Per cluster: slots in use, and births in the current tick. */
export class ClusterCounts {
  readonly #columns = new Columns({ live: 'f64', births: 'f64' });
  #count = 0;

  reserve(cluster: number): void {
    if (cluster < this.#count) return;
    this.#count = cluster + 1;
    this.#columns.reserve(this.#count);
  }

  live(cluster: number): number {
    return cluster < this.#count ? this.#columns.arrays.live[cluster]! : 0;
  }

  /** A series gets a slot; false where the caps do not allow it. */
  born(cluster: number, liveMax: number, birthsMax: number): boolean {
    const { live, births } = this.#columns.arrays;
    if (live[cluster]! >= liveMax || births[cluster]! >= birthsMax) return false;
    live[cluster]!++;
    births[cluster]!++;
    return true;
  }

  forgotten(cluster: number): void {
    this.#columns.arrays.live[cluster]!--;
  }

  /** Births of the tick; the next begins with none. */
  takeBirths(): number {
    const { births } = this.#columns.arrays;
    let sum = 0;
    for (let cluster = 0; cluster < this.#count; cluster++) sum += births[cluster]!;
    births.fill(0, 0, this.#count);
    return sum;
  }

  /** Takes over clusters that moved. */
  absorb(from: ClusterCounts, clusters: Int32Array): void {
    for (let old = 0; old < from.#count; old++) {
      const cluster = clusters[old]!;
      if (cluster < 0) continue;
      this.reserve(cluster);
      this.#columns.copySlot(from.#columns, old, cluster);
    }
  }

  save(out: ByteWriter): void {
    out.u32(this.#count);
    this.#columns.save(out, this.#count);
  }

  load(input: ByteReader): void {
    this.#count = input.u32();
    this.#columns.load(input);
  }
}
