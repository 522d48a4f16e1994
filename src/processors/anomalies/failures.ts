import type { Note, ProcessorContext } from '../../engine/processor.ts';
import type { Table } from '../../engine/tables.ts';
import type { Verdict } from '../../models/verdict.ts';

/** The newest failure of a model in a cluster. */
interface Failure {
  model: string;
  cluster: number;
  /** -1 when the series is forgotten. */
  slot: number;
  message: string;
  /** ms of log time */
  at: number;
  samples: number;
}

/** An error may quote whatever it likes: so much of it is kept. */
const messageMax = 300;

/**
 * Samples that models failed on: counted by reason and model, the newest of each model and cluster
 * kept.
 */
export class Failures {
  readonly #context: ProcessorContext;
  readonly #newest: Table<Failure>;

  constructor(context: ProcessorContext) {
    this.#context = context;
    this.#newest = this.#context.table<Failure>(
      'failures',
      ({ model, cluster }) => `${cluster} ${model}`,
    );
  }

  add(slot: number, model: string, { failure, error }: Verdict): void {
    this.#context.count(`model_${failure}:${model}`);
    const cluster = this.#context.series.cluster(slot);
    const key = `${cluster} ${model}`;
    const row =
      this.#newest.get(key) ??
      this.#newest.set(key, { model, cluster, slot, message: '', at: 0, samples: 0 });
    row.slot = slot;
    row.message = error.slice(0, messageMax);
    row.at = this.#context.logTime;
    row.samples++;
  }

  forgotten(slot: number): void {
    for (const row of this.#newest.values()) if (row.slot === slot) row.slot = -1;
  }

  notes(): Note[] {
    const { series } = this.#context;
    return [...this.#newest.values()].map(({ model, cluster, slot, message, at, samples }) => {
      const where = slot < 0 ? '' : ` on ${selectorOf(series.labels(slot))}`;
      return {
        cluster,
        what: `model ${model} failed${where}: ${message}`,
        count: samples,
        seen: at,
      };
    });
  }
}

const selectorOf = (labels: readonly (readonly [string, string])[]): string =>
  `{${labels.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}}`;
