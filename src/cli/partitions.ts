import { snapshotsOf } from '../config/layout.ts';
import type { Config } from '../config/schema.ts';
import type { SeriesExplanation } from '../engine/explain.ts';
import { bundleUrl, snapshotStore } from '../engine/runtime/embedded/runtime.ts';
import { type RebuildRange, rebuildState, type StateHolder } from '../engine/runtime/rebuild.ts';
import type { StageSetup } from '../engine/stage.ts';
import type { Log } from '../log/log.ts';
import { telemetryTopic } from '../log/topics.ts';
import { likeRunner, Sealed } from '../user-code/sealed.ts';
import type { HeldStateJob } from './state-job.ts';

/** Which state is wanted: a partition of a stage, up to where. */
export interface PartitionRange extends RebuildRange {
  readonly stage: string;
  readonly partition: number;
  /** Selectors of series of which all that is found is kept, for `explain`. */
  readonly watched?: readonly string[];
}

/** A state in a sealed thread, and what can be asked of it. */
interface SealedState extends StateHolder {
  /** As `distinctSeries` does. */
  explain(selectors: readonly string[], max: number): Promise<SeriesExplanation[]>;
}

/**
 * States of the configured program, one at a time, in one sealed thread while the code is the same.
 */
export class PartitionStates {
  readonly #log: Log;
  readonly #snapshots: string;
  #thread: { readonly bundle: string; readonly sealed: Sealed<HeldStateJob> } | undefined;

  constructor({ process }: Config, log: Log) {
    this.#log = log;
    this.#snapshots = snapshotsOf(process);
  }

  /**
   * The state of a partition, rebuilt from its snapshots and log; good until the next is asked for.
   */
  async of({ stage, partition, watched = [], ...range }: PartitionRange) {
    const parts = {
      log: this.#log,
      topic: telemetryTopic,
      stage,
      partition,
      store: snapshotStore(this.#snapshots, stage, partition),
      open: (bundle: string, setup: Omit<StageSetup, 'epoch'>) =>
        this.#open(bundle, setup, watched),
    };
    return await rebuildState(parts, range);
  }

  async end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.sealed.end();
  }

  async #open(
    bundle: string,
    setup: Omit<StageSetup, 'epoch'>,
    watched: readonly string[],
  ): Promise<SealedState> {
    if (this.#thread?.bundle !== bundle) await this.end();
    this.#thread ??= { bundle, sealed: await this.#start(bundle) };
    const { sealed } = this.#thread;
    return {
      load: (position, chunks) => sealed.call('load', setup, position, chunks, watched),
      take: (records) => sealed.call('take', records),
      save: () => sealed.call('save', bundle),
      explain: (selectors, max) => sealed.call('explain', selectors, max),
      end: () => this.end(),
    };
  }

  #start(bundle: string): Promise<Sealed<HeldStateJob>> {
    const url = bundle === '' ? undefined : bundleUrl(this.#snapshots, bundle);
    const job = new URL('./state-job.ts', import.meta.url);
    return Sealed.open<HeldStateJob>(job, url, likeRunner);
  }
}
