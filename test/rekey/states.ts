import { text } from '../../src/core/bytes.ts';
import type { PartitionState } from '../../src/engine/partition-state.ts';
import type { StageOutput } from '../../src/engine/stage.ts';
import { stages } from '../../src/processors/stages.ts';
import { placed, type Unplaced } from './records.ts';

export const clusterStage = { name: 'cluster', processors: stages['cluster']! };

/** Where a state of the stage stands. */
export const setup = (partition: number, partitions: number, epoch: number) => ({
  stage: 'cluster',
  partition,
  partitions,
  epoch,
  targets: {},
});

/** Runs every partition over its part of the records; outputs in order, by partition. */
export function run(
  states: readonly PartitionState[],
  records: readonly Unplaced[],
): StageOutput[][] {
  return states.map((state, partition) => {
    const outputs: StageOutput[] = [];
    for (const record of placed(records, partition, states.length)) state.apply(record, outputs);
    return outputs;
  });
}

/** The anomalies of `run`, whichever partition tells them. */
export const anomaliesOf = (
  states: readonly PartitionState[],
  records: readonly Unplaced[],
): string[] =>
  run(states, records)
    .flat()
    .filter(({ topic, value }) => topic === 'anomalies' && value !== null)
    .map(({ value }) => text(value!))
    .map((json) => JSON.stringify([JSON.parse(json).id, JSON.parse(json).data]))
    .sort();
