import { text, utf8 } from '../core/bytes.ts';
import { tickMs } from '../core/time.ts';
import { type Position, startOf } from '../engine/position.ts';
import type { ProcessorDefinition } from '../engine/processor.ts';
import { type Done, encodeRecords } from '../engine/runner/messages.ts';
import { Runner, type RunnerSetup } from '../engine/runner/runner.ts';
import { sealedWhile } from '../engine/runner/seal.ts';
import type { StageOutput } from '../engine/stage.ts';
import { encodeRequest, type SeriesInput } from '../formats/remote-write/encode.ts';
import { encodeBody } from '../formats/snappy/body-encoding.ts';
import type { LogRecord } from '../log/log.ts';
import type { TelemetryKind } from '../log/topics.ts';

export interface DriverOptions {
  readonly partition?: number;
  readonly partitions?: number;
  /**
   * Save and restore the state after each record: a restored state must not be told from a kept
   * one.
   */
  readonly restoreAfterEach?: boolean;
  /** Log time of the first record, ms. */
  readonly startMs?: number;
}

/** A CloudEvent of an output topic, decoded. */
export interface DriverOutput {
  readonly topic: string;
  /** Subject and revision. */
  readonly id: string;
  readonly subject: string;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: shaped by each processor's own schema
  readonly data: any;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Drives processors over records, as a runtime does, without log and threads: give it samples and
 * records, move log time, look at the outputs. Clock, randomness, time zone and language are closed
 * while they run, as in the running program.
 */
export class StageDriver {
  readonly #processors: readonly ProcessorDefinition[];
  readonly #options: Required<DriverOptions>;
  readonly #setup: RunnerSetup;
  #runner: Runner;
  #position: Position;
  #offset = 0;
  /** Log time of the next record, ms. */
  now: number;
  /** Every record given so far. */
  readonly records: LogRecord[] = [];
  /** Every numbered record made so far, ticks among them. */
  readonly outputs: StageOutput[] = [];

  constructor(processors: readonly ProcessorDefinition[], options: DriverOptions = {}) {
    this.#processors = processors;
    this.#options = {
      partition: 0,
      partitions: 1,
      restoreAfterEach: false,
      startMs: 1_700_000_000_000,
      ...options,
    };
    this.now = this.#options.startMs;
    this.#setup = { stage: 'cluster', partitions: this.#options.partitions, targets: {} };
    this.#position = startOf(0, 0);
    this.#runner = this.#load([]);
  }

  get position(): Position {
    return this.#position;
  }

  #load(chunks: readonly Uint8Array[]): Runner {
    const stage = { name: 'cluster', processors: this.#processors };
    const runner = new Runner(stage, this.#setup);
    const { partition } = this.#options;
    const position = this.#position;
    this.#check(
      sealedWhile(() => runner.handle({ type: 'load', partition, position, chunks, tail: [] })),
    );
    return runner;
  }

  #check(reply: { type: string; message?: string }): Done {
    if (reply.type !== 'done') throw new Error(`runner replied ${reply.type}: ${reply.message}`);
    return reply as unknown as Done;
  }

  /** Samples of one cluster as one record, at the present log time. */
  samples(cluster: string, series: readonly SeriesInput[], tenant = 'default'): this {
    const value = encodeBody('snappy', encodeRequest(series));
    return this.give({ kind: 'samples', tenant, cluster, encoding: 'snappy' }, value);
  }

  /** A JSON record of another kind. */
  record(kind: TelemetryKind, value: object, cluster = '', tenant = 'default'): this {
    return this.give({ kind, tenant, cluster }, utf8(JSON.stringify(value)));
  }

  /** Log time goes on by `ms`, with a heartbeat in each tick. */
  advance(ms: number): this {
    const until = this.now + ms;
    const { partitions } = this.#options;
    while (this.now < until) {
      this.now = Math.min(until, this.now + tickMs);
      this.record('heartbeat', { partitions, hashVersion: 1 });
    }
    return this;
  }

  give(headers: Readonly<Record<string, string>>, value: Uint8Array | null): this {
    const record = { offset: this.#offset++, timestamp: this.now, headers, value };
    this.records.push(record);
    this.#run([record]);
    return this;
  }

  #run(records: readonly LogRecord[]): void {
    const { partition, restoreAfterEach } = this.#options;
    const batch = {
      type: 'batch',
      partition,
      position: this.#position,
      wantSnapshot: restoreAfterEach,
      records: encodeRecords(records),
    } as const;
    const done = this.#check(sealedWhile(() => this.#runner.handle(batch)));
    for (const output of done.outputs) this.outputs.push(output);
    this.#position = done.position;
    if (restoreAfterEach) this.#runner = this.#load(done.chunks);
  }

  /** The CloudEvents of a topic so far, in order. */
  of(topic: string): DriverOutput[] {
    return this.outputs
      .filter((output) => output.topic === topic && output.value !== null)
      .map(({ value, headers }) => {
        const { id, subject, type, data } = JSON.parse(text(value!));
        return { topic, id, subject, type, data, headers };
      });
  }
}
