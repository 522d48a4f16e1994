import { partitionOf } from '../core/placement.ts';
import { PartitionState } from './partition-state.ts';
import type { StageDefinition, StageSetup } from './stage.ts';

/** A partition's state at the head of its log, where nothing more comes. */
export interface RestingState {
  readonly partition: number;
  readonly state: PartitionState;
}

/**
 * The state of one partition of a log with another number of partitions: of every cluster that is
 * placed there all that is known, from whichever partition it was in. Its outputs are numbered from
 * 0 in `setup.epoch`. What belongs to an old partition as a whole, such as its counters, goes to
 * the new one of the same number, modulo the new count. Error: `rekey_refused`.
 */
export function rekeyedState(
  sources: readonly RestingState[],
  stage: StageDefinition,
  setup: StageSetup,
): PartitionState {
  const { partition, partitions } = setup;
  const state = new PartitionState(stage, setup);
  for (const source of sources) {
    state.absorb(
      source.state,
      (tenant, cluster) => partitionOf(tenant, cluster, partitions) === partition,
      source.partition % partitions === partition,
    );
  }
  return state;
}
