import { messageOf, SeastateError } from '../../core/errors.ts';
import { PartitionState } from '../partition-state.ts';
import { digestOutput, digestRecord, type Position, samePosition } from '../position.ts';
import { loadChunks, saveChunks } from '../snapshot.ts';
import type { StageDefinition, StageOutput, StageSetup, StageState } from '../stage.ts';
import {
  type Batch,
  type Done,
  decodeRecords,
  type Failed,
  type Hello,
  type Load,
  type Need,
  protocolVersion,
  type Request,
} from './messages.ts';

/** What a runner is told once, at its start; one JSON argument on every transport. */
export interface RunnerSetup extends Pick<StageSetup, 'stage' | 'partitions' | 'targets'> {
  /** Users' processors: an ES module and its sha-256 (hex). */
  readonly bundle?: { readonly path: string; readonly sha256: string };
}

/** Read before the globals are sealed. */
const { version: node, arch } = process;

interface Held {
  position: Position;
  readonly state: StageState;
}

/**
 * Holds the states of the partitions given to it, each under its position (DESIGN 4). There is no
 * commit and no abort: a failed attempt is a position that nobody asks for again.
 */
export class Runner {
  readonly #stage: StageDefinition;
  readonly #setup: RunnerSetup;
  readonly #held = new Map<number, Held>();
  #offset = -1;

  constructor(stage: StageDefinition, setup: RunnerSetup) {
    this.#stage = stage;
    this.#setup = setup;
  }

  hello(): Hello {
    const { stage, bundle } = this.#setup;
    return {
      type: 'hello',
      protocol: protocolVersion,
      node,
      arch,
      stage,
      bundle: bundle?.sha256 ?? '',
    };
  }

  /** After `failed` the runner must be ended: its states are undefined. */
  handle(request: Request): Done | Need | Failed {
    this.#offset = -1;
    try {
      return request.type === 'load' ? this.#load(request) : this.#batch(request);
    } catch (error) {
      return {
        type: 'failed',
        partition: request.partition,
        code: error instanceof SeastateError ? error.code : 'processor_threw',
        message: error instanceof Error ? (error.stack ?? error.message) : messageOf(error),
        stage: this.#setup.stage,
        offset: this.#offset,
      };
    }
  }

  #load({ partition, position, chunks, tail }: Load): Done {
    const setup = { ...this.#setup, partition, epoch: position.epoch };
    const state = new PartitionState(this.#stage, setup);
    if (chunks.length > 0) {
      const header = loadChunks(chunks, state);
      if (header.partitions !== setup.partitions || header.partition !== partition) {
        throw new SeastateError(
          'snapshot_misplaced',
          `the snapshot is of partition ${header.partition} of ${header.partitions}, asked for was ` +
            `${partition} of ${setup.partitions}: move it with seastate rekey`,
        );
      }
    }
    const held = { position, state };
    for (const records of tail) this.#run(held, records);
    this.#held.set(partition, held);
    return { type: 'done', partition, position: held.position, outputs: [], chunks: [] };
  }

  #batch({ partition, position, wantSnapshot, records }: Batch): Done | Need {
    const held = this.#held.get(partition);
    if (!held || !samePosition(held.position, position)) return { type: 'need', partition };
    // No position while the state is on its way: whatever interrupts this, nobody can ask for it.
    this.#held.delete(partition);
    const outputs = this.#run(held, records);
    this.#held.set(partition, held);
    const chunks = wantSnapshot ? this.#save(partition, held.state) : [];
    return { type: 'done', partition, position: held.position, outputs, chunks };
  }

  #run(held: Held, records: Uint8Array): StageOutput[] {
    const outputs: StageOutput[] = [];
    let { digest, next } = held.position;
    for (const record of decodeRecords(records)) {
      this.#offset = record.offset;
      const before = outputs.length;
      held.state.apply(record, outputs);
      digest = digestRecord(digest, record);
      for (let i = before; i < outputs.length; i++) digest = digestOutput(digest, outputs[i]!);
      next = record.offset + 1;
    }
    held.position = { epoch: held.position.epoch, next, digest };
    return outputs;
  }

  #save(partition: number, state: StageState): Uint8Array[] {
    const { stage, partitions, bundle } = this.#setup;
    const header = { stage, partition, partitions, node, arch, bundle: bundle?.sha256 ?? '' };
    return saveChunks(header, state);
  }
}
