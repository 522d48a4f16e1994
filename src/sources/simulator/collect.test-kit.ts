import { isStale } from '../../formats/remote-write/stale.ts';
import type { Fleet, SimulatedCluster, StepOptions } from './fleet.ts';

/** One series as it was sent by one replica, for tests. */
export interface Collected {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly family: string;
  readonly type: string;
  readonly times: number[];
  /** NaN where it was a stale marker. */
  readonly values: number[];
}

/** Moves a fleet up to `untilMs` and gathers what its batches say, by series. */
export class Collector {
  readonly series = new Map<string, Collected>();
  readonly #fleet: Fleet;
  /** By cluster and replica, then by slot: the series, and the slot's birth that it is of. */
  readonly #known = new Map<string, { born: number; one: Collected }[]>();

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  run(untilMs: number, options: StepOptions = { flush: true }): this {
    for (const [cluster, batch] of this.#fleet.step(untilMs, options)) {
      const key = `${cluster.model.name} ${batch.replica}`;
      const known = this.#known.get(key) ?? [];
      this.#known.set(key, known);
      const values = new Float64Array(batch.words.buffer);
      for (let i = 0; i < batch.count; i++) {
        const one = this.#find(cluster, known, batch.slots[i]!, batch.replica);
        one.times.push(batch.times[i]!);
        one.values.push(isStale(batch.words, i) ? Number.NaN : values[i]!);
      }
    }
    return this;
  }

  /** Series of a name whose labels have these values. */
  find(name: string, labels: Readonly<Record<string, string>> = {}): Collected[] {
    return [...this.series.values()].filter(
      (one) =>
        one.name === name &&
        Object.entries(labels).every(([key, value]) => one.labels[key] === value),
    );
  }

  #find(
    { table, model }: SimulatedCluster,
    known: { born: number; one: Collected }[],
    slot: number,
    replica: number,
  ): Collected {
    const born = table.born[slot]!;
    const before = known[slot];
    if (before?.born === born) return before.one;
    const labels = Object.fromEntries(table.labels(slot, model.replicas[replica]!.name));
    const key = JSON.stringify(labels);
    let one = this.series.get(key);
    if (!one) {
      const { name, type } = table.families.all[table.family[slot]!]!;
      one = { name: labels['__name__']!, labels, family: name, type, times: [], values: [] };
      this.series.set(key, one);
    }
    known[slot] = { born, one };
    return one;
  }
}

/** The value of a series at a time: that of its newest sample not after it; NaN if stale. */
export function valueAt({ times, values }: Collected, timeMs: number): number {
  const index = times.findLastIndex((time) => time <= timeMs);
  return index < 0 ? Number.NaN : values[index]!;
}
