import { utf8 } from '../../src/core/bytes.ts';
import { startOf } from '../../src/engine/position.ts';
import type { ProcessorDefinition } from '../../src/engine/processor.ts';
import { type Done, encodeRecords } from '../../src/engine/runner/messages.ts';
import { Runner } from '../../src/engine/runner/runner.ts';
import { encodeRequest, type SeriesInput } from '../../src/formats/remote-write/encode.ts';
import { encodeBody } from '../../src/formats/snappy/body-encoding.ts';

/** Log time of the first record, ms. */
export const begin = 1_700_000_000_000;

/** A record of samples as a batch for a runner. */
export function batchOf(series: readonly SeriesInput[], time: number): Uint8Array {
  const value = encodeBody('snappy', encodeRequest(series));
  const headers = { kind: 'samples', tenant: 'default', cluster: 'c1', encoding: 'snappy' };
  return encodeRecords([{ offset: 0, timestamp: time, headers, value }]);
}

/** The cluster stage in one runner: decompress, decode, slots, senders, processors, digest. */
export class Side {
  readonly #runner: Runner;
  #position = startOf(0, 0);

  constructor(processors: readonly ProcessorDefinition[], content: object) {
    const setup = { stage: 'cluster', partitions: 1, targets: {} };
    this.#runner = new Runner({ name: 'cluster', processors }, setup);
    const position = this.#position;
    this.#runner.handle({ type: 'load', partition: 0, position, chunks: [], tail: [] });
    const value = utf8(JSON.stringify({ version: 1, sha256: '', content }));
    const settings = { offset: 0, timestamp: begin, headers: { kind: 'settings' }, value };
    this.take(encodeRecords([settings]));
  }

  /** Takes a batch; returns the chunks of a snapshot when one is wanted. */
  take(records: Uint8Array, wantSnapshot = false): readonly Uint8Array[] {
    const position = this.#position;
    const batch = { type: 'batch', partition: 0, position, wantSnapshot, records } as const;
    const done = this.#runner.handle(batch) as Done;
    this.#position = done.position;
    return done.chunks;
  }

  /** Bytes of a snapshot. */
  snapshot(): number {
    return this.take(encodeRecords([]), true).reduce((sum, { length }) => sum + length, 0);
  }

  /** CPU ns that batches take. */
  cpu(batches: readonly Uint8Array[]): number {
    const before = process.cpuUsage();
    for (const each of batches) this.take(each);
    const { user, system } = process.cpuUsage(before);
    return (user + system) * 1000;
  }
}
