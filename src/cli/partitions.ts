import { snapshotsOf } from '../config/layout.ts';
import type { Config } from '../config/schema.ts';
import type { SeriesExplanation } from '../engine/explain.ts';
import { bundleUrl, snapshotStore } from '../engine/runtime/embedded/runtime.ts';
import {
  type RebuildRange,
  type Rebuilt,
  rebuildState,
  type StateHolder,
} from '../engine/runtime/rebuild.ts';
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
export interface SealedState extends StateHolder {
  /** As `distinctSeries` does. */
  explain(selectors: readonly string[], max: number): Promise<SeriesExplanation[]>;
}

/** The state of a partition of the configured program, rebuilt from its snapshots and log. */
export async function partitionState(
  { process }: Config,
  log: Log,
  { stage, partition, watched = [], ...range }: PartitionRange,
): Promise<Rebuilt<SealedState>> {
  const folder = snapshotsOf(process);
  const parts = {
    log,
    topic: telemetryTopic,
    stage,
    partition,
    store: snapshotStore(folder, stage, partition),
    open: (bundle: string, setup: Omit<StageSetup, 'epoch'>) =>
      sealedState(folder, bundle, setup, watched),
  };
  return await rebuildState(parts, range);
}

async function sealedState(
  snapshots: string,
  bundle: string,
  setup: Omit<StageSetup, 'epoch'>,
  watched: readonly string[],
): Promise<SealedState> {
  const url = bundle === '' ? undefined : bundleUrl(snapshots, bundle);
  const job = new URL('./state-job.ts', import.meta.url);
  const sealed = await Sealed.open<HeldStateJob>(job, url, likeRunner);
  return {
    load: (position, chunks) => sealed.call('load', setup, position, chunks, watched),
    take: (records) => sealed.call('take', records),
    save: () => sealed.call('save', bundle),
    explain: (selectors, max) => sealed.call('explain', selectors, max),
    end: () => sealed.end(),
  };
}
