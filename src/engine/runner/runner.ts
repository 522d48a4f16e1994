import { messageOf, SeastateError } from '../../core/errors.ts';
import { HeldState } from '../held-state.ts';
import { samePosition } from '../position.ts';
import type { StageDefinition, StageOutput, StageSetup } from '../stage.ts';
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
import { stackOf } from './sealed-stacks.ts';

/** What a runner is told once, at its start; one JSON argument on every transport. */
export interface RunnerSetup extends Pick<StageSetup, 'stage' | 'partitions' | 'targets'> {
  /** Users' processors: an ES module and its sha-256 (hex). */
  readonly bundle?: { readonly path: string; readonly sha256: string };
}

/** Read before the globals are sealed. */
const { version: node, arch } = process;

/**
 * Holds the states of the partitions given to it, each under its position (DESIGN 4). There is no
 * commit and no abort: a failed attempt is a position that nobody asks for again.
 */
export class Runner {
  readonly #stage: StageDefinition;
  readonly #setup: RunnerSetup;
  readonly #held = new Map<number, HeldState>();
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
        message: stackOf(error) || messageOf(error),
        stage: this.#setup.stage,
        offset: this.#offset,
      };
    }
  }

  #load({ partition, position, chunks, tail }: Load): Done {
    const { stage, partitions, targets } = this.#setup;
    const setup = { stage, partition, partitions, targets };
    const held = new HeldState(this.#stage, setup, position, chunks);
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
    const chunks = wantSnapshot ? held.save(this.#setup.bundle?.sha256 ?? '') : [];
    return { type: 'done', partition, position: held.position, outputs, chunks };
  }

  #run(held: HeldState, records: Uint8Array): StageOutput[] {
    const outputs: StageOutput[] = [];
    for (const record of decodeRecords(records)) {
      this.#offset = record.offset;
      held.take(record, outputs);
    }
    return outputs;
  }
}
