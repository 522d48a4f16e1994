import { SeastateError } from '../core/errors.ts';
import type { LogRecord } from '../log/log.ts';
import { PartitionState } from './partition-state.ts';
import { digestOutput, digestRecord, type Position } from './position.ts';
import { loadChunks, saveChunks } from './snapshot.ts';
import type { StageDefinition, StageOutput, StageSetup } from './stage.ts';

/** Read before a runner seals the globals. */
const { version: node, arch } = process;

/** The state of a partition under its position: takes records, and keeps the digest. */
export class HeldState {
  readonly state: PartitionState;
  readonly #setup: StageSetup;
  #position: Position;

  /**
   * The state that stands at `position`: that of the snapshot, or an empty one without chunks.
   * Errors: `snapshot_misplaced`, and what a state throws that cannot read them.
   */
  constructor(
    stage: StageDefinition,
    setup: Omit<StageSetup, 'epoch'>,
    position: Position,
    chunks: readonly Uint8Array[],
  ) {
    this.#setup = { ...setup, epoch: position.epoch };
    this.#position = position;
    this.state = new PartitionState(stage, this.#setup);
    if (chunks.length === 0) return;
    const { partition, partitions } = loadChunks(chunks, this.state);
    if (partitions === setup.partitions && partition === setup.partition) return;
    throw new SeastateError(
      'snapshot_misplaced',
      `the snapshot is of partition ${partition} of ${partitions}, asked for was ` +
        `${setup.partition} of ${setup.partitions}: move it with seastate rekey`,
    );
  }

  get position(): Position {
    return this.#position;
  }

  /** Takes the next record; its outputs are added to `outputs`. */
  take(record: LogRecord, outputs: StageOutput[]): void {
    const before = outputs.length;
    this.state.apply(record, outputs);
    let digest = digestRecord(this.#position.digest, record);
    for (let i = before; i < outputs.length; i++) digest = digestOutput(digest, outputs[i]!);
    this.#position = { epoch: this.#position.epoch, next: record.offset + 1, digest };
  }

  /** `bundle`: sha-256 (hex) of the code that made the state, '' without users' code. */
  save(bundle: string): Uint8Array[] {
    const { stage, partition, partitions } = this.#setup;
    const settings = this.state.settings.version;
    return saveChunks({ stage, partition, partitions, node, arch, bundle, settings }, this.state);
  }
}
