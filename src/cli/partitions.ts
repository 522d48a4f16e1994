import { snapshotsOf } from '../config/layout.ts';
import type { Config } from '../config/schema.ts';
import type { PartitionState } from '../engine/partition-state.ts';
import { bundleUrl, snapshotStore } from '../engine/runtime/embedded/runtime.ts';
import { type RebuildRange, type Rebuilt, rebuildState } from '../engine/runtime/rebuild.ts';
import type { Log } from '../log/log.ts';
import { telemetryTopic } from '../log/topics.ts';
import { stageProcessors } from '../stage-processors.ts';

/** Which state is wanted: a partition of a stage, up to where, and what is done with it first. */
export interface PartitionRange extends RebuildRange {
  readonly stage: string;
  readonly partition: number;
  readonly prepare?: (state: PartitionState) => void;
}

/** The state of a partition of the configured program, rebuilt here from its snapshots and log. */
export async function partitionState(
  { process }: Config,
  log: Log,
  { stage, partition, prepare, ...range }: PartitionRange,
): Promise<Rebuilt> {
  const folder = snapshotsOf(process);
  const parts = {
    log,
    topic: telemetryTopic,
    stage,
    partition,
    store: snapshotStore(folder, stage, partition),
    processors: (bundle: string) =>
      stageProcessors(stage, bundle === '' ? undefined : bundleUrl(folder, bundle)),
    ...(prepare && { prepare }),
  };
  return await rebuildState(parts, range);
}
