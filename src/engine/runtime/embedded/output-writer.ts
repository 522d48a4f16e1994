import { setTimeout as sleep } from 'node:timers/promises';
import { bytesEqual } from '../../../core/bytes.ts';
import { SeastateError } from '../../../core/errors.ts';
import type { Log, NewRecord } from '../../../log/log.ts';
import type { StageOutput } from '../../stage.ts';

/** What one partition wrote to one partition of an output topic, from a number on. */
interface Written {
  next: number;
  /** By number; only those that a re-run can make again. */
  readonly known: Map<number, NewRecord>;
}

/**
 * Appends the outputs of one partition to the log. After a restart the re-run makes outputs again
 * that are there already: each is compared with what stands in the log, and dropped. A difference
 * halts: it would mean that the state is not a function of its input.
 */
export class OutputWriter {
  readonly #log: Log;
  #from = '';
  readonly #input: string;
  readonly #written = new Map<string, Written>();
  #last: Promise<void> = Promise.resolve();
  #stopped = false;
  /** Outputs found again by a re-run, all equal. */
  repeated = 0;

  /** `input`: the topic that the stage reads; no output of its own is in it. */
  constructor(log: Log, input: string) {
    this.#log = log;
    this.#input = input;
  }

  /** Reads what `from` has written since the snapshot; `offsets` by `topic/partition`. */
  async recover(from: string, offsets: Readonly<Record<string, number>>): Promise<void> {
    await this.#last;
    this.#from = from;
    this.#written.clear();
    for (const { name, partitions } of this.#log.topics.values()) {
      if (name === this.#input) continue;
      for (let p = 0; p < partitions; p++) {
        await this.#recoverPartition(name, p, offsets[`${name}/${p}`] ?? 0);
      }
    }
  }

  async #recoverPartition(topic: string, partition: number, from: number): Promise<void> {
    const { first, next } = await this.#log.bounds(topic, partition);
    for (let offset = Math.max(first, from); offset < next; ) {
      const records = await this.#log.read(topic, partition, offset);
      for (const record of records) {
        offset = record.offset + 1;
        if (record.headers['from'] !== this.#from) continue;
        const number = Number(record.headers['number']);
        const written = this.#of(topic, partition);
        written.known.set(number, record);
        written.next = Math.max(written.next, number + 1);
      }
      if (records.length === 0) break;
    }
  }

  #of(topic: string, partition: number): Written {
    const key = `${topic}/${partition}`;
    let written = this.#written.get(key);
    if (!written) {
      written = { next: -1, known: new Map() };
      this.#written.set(key, written);
    }
    return written;
  }

  /** Resolves when these outputs, and all before, are durable. */
  write(outputs: readonly StageOutput[]): Promise<void> {
    const groups = new Map<string, StageOutput[]>();
    for (const output of outputs) {
      if (!this.#isNew(output)) continue;
      const key = `${output.topic}/${output.partition}`;
      const group = groups.get(key);
      if (group) group.push(output);
      else groups.set(key, [output]);
    }
    for (const group of groups.values()) {
      this.#last = this.#last.then(() => this.#append(group));
    }
    this.#last.catch(() => {});
    return this.#last;
  }

  #isNew(output: StageOutput): boolean {
    const number = Number(output.headers['number']);
    const written = this.#of(output.topic, output.partition);
    if (number >= written.next) {
      written.next = number + 1;
      return true;
    }
    const before = written.known.get(number);
    written.known.delete(number);
    // Not known: it was written before the range that was read, so it was compared then.
    if (before && !sameOutput(before, output)) {
      throw new SeastateError(
        'outputs_differ',
        `${this.#from} made output ${number} of ${output.topic}/${output.partition} again with other ` +
          'bytes: the program or its settings changed under a running state; run the former ' +
          'program until it has stopped cleanly, then this one',
      );
    }
    this.repeated++;
    return false;
  }

  async #append(group: readonly StageOutput[]): Promise<void> {
    const { topic, partition } = group[0]!;
    for (let delayMs = 50; ; delayMs = Math.min(delayMs * 2, 2_000)) {
      try {
        await this.#log.append(topic, partition, group);
        return;
      } catch (error) {
        const later = error instanceof SeastateError && error.retry === 'later';
        if (!later || this.#stopped) throw error;
        await sleep(delayMs);
      }
    }
  }

  /** From now on a log that takes nothing is an error, not waited for. */
  stop(): void {
    this.#stopped = true;
  }
}

function sameOutput(a: NewRecord, b: NewRecord): boolean {
  if (JSON.stringify(a.headers) !== JSON.stringify(b.headers)) return false;
  if (a.value === null || b.value === null) return a.value === b.value;
  return bytesEqual(a.value, b.value);
}
