import type { ProcessorContext } from '../../engine/processor.ts';
import type { Table } from '../../engine/tables.ts';
import { workloadOf } from './workload.ts';

interface DeadSibling {
  cluster: number;
  slot: number;
}

/**
 * The series of each workload that ended last: those that are born beside it, it may be many after a
 * drain, each begin with a copy of what is known of it. What came back to life gives nothing.
 */
export class Successions {
  readonly #context: ProcessorContext<unknown>;
  readonly #dead: Table<DeadSibling>;

  constructor(context: ProcessorContext<unknown>) {
    this.#context = context;
    this.#dead = context.table<DeadSibling>(
      'dead',
      ({ cluster, slot }) => workloadOf(cluster, context.series.labels(slot))!,
    );
  }

  #workloadOf(slot: number): string | undefined {
    const { series } = this.#context;
    return workloadOf(series.cluster(slot), series.labels(slot));
  }

  /** The dead series whose successor this one is; undefined when there is none. */
  predecessorOf(slot: number): number | undefined {
    if (this.#dead.size === 0) return undefined;
    const workload = this.#workloadOf(slot);
    const dead = workload === undefined ? undefined : this.#dead.get(workload)?.slot;
    return dead === undefined || this.#context.series.isLive(dead) ? undefined : dead;
  }

  ended(slot: number): void {
    const workload = this.#workloadOf(slot);
    const cluster = this.#context.series.cluster(slot);
    if (workload !== undefined) this.#dead.set(workload, { cluster, slot });
  }

  forgotten(slot: number): void {
    const workload = this.#workloadOf(slot);
    if (workload !== undefined && this.#dead.get(workload)?.slot === slot) {
      this.#dead.delete(workload);
    }
  }
}
