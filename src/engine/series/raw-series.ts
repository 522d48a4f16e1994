import type { WriteLimits } from '../../formats/remote-write/limits.ts';
import { type SampleColumns, SeriesReader } from '../../formats/remote-write/series-reader.ts';
import type { Label } from '../processor.ts';

/**
 * The series of one cluster as they are sent (with replica labels), and what is known of them:
 * which replica sends them and which slot they have. A derived cache: dropping it changes no output.
 */
export class RawSeries {
  readonly #reader = new SeriesReader();
  #slots = new Int32Array(0);
  #generations = new Uint32Array(0);
  #replicas = new Int32Array(0);

  read(request: Uint8Array, limits: WriteLimits): SampleColumns {
    const columns = this.#reader.read(request, limits);
    if (this.#reader.count > this.#slots.length) this.#grow(this.#reader.count);
    return columns;
  }

  labels(series: number): readonly Label[] {
    return this.#reader.labels(series);
  }

  /** Metric type of its 2.0 metadata, 0 when unknown. */
  metricType(series: number): number {
    return this.#reader.metricType(series);
  }

  #grow(count: number): void {
    const length = Math.max(64, Math.ceil(count * 1.5));
    const old = this.#slots.length;
    this.#slots = larger(this.#slots, length).fill(-1, old);
    this.#replicas = larger(this.#replicas, length).fill(-1, old);
    const generations = new Uint32Array(length);
    generations.set(this.#generations);
    this.#generations = generations;
  }

  /** The slot, or -1 when it is not known or was given back since. */
  slot(series: number, generations: Uint32Array): number {
    const slot = this.#slots[series]!;
    return slot >= 0 && generations[slot] === this.#generations[series] ? slot : -1;
  }

  setSlot(series: number, slot: number, generation: number): void {
    this.#slots[series] = slot;
    this.#generations[series] = generation;
  }

  /** Index of the replica that sends it, -1 until learnt. */
  replica(series: number): number {
    return this.#replicas[series]!;
  }

  setReplica(series: number, replica: number): void {
    this.#replicas[series] = replica;
  }
}

function larger(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const bigger = new Int32Array(length);
  bigger.set(array);
  return bigger;
}
