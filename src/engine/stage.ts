import type { ByteReader, ByteWriter } from '../core/bytes.ts';
import type { Headers, LogRecord } from '../log/log.ts';
import type { ProcessorDefinition } from './processor.ts';

/** Processors that share their input. */
export interface StageDefinition {
  readonly name: string;
  readonly processors: readonly ProcessorDefinition[];
}

/** What a stage of one partition is told once, the same on every runtime. */
export interface StageSetup {
  readonly stage: string;
  readonly partition: number;
  /** Of the input topic. */
  readonly partitions: number;
  readonly epoch: number;
  /** Partitions of every output topic. */
  readonly targets: Readonly<Record<string, number>>;
}

/** A numbered record for a partition of an output topic. */
export interface StageOutput {
  readonly topic: string;
  readonly partition: number;
  readonly headers: Headers;
  readonly value: Uint8Array | null;
}

/** State of one partition of a stage: a deterministic function of the records that it took. */
export interface StageState {
  /** ms; 0 before the first record. */
  readonly logTime: number;
  /** Takes the next record; outputs are added to `outputs`. A throw means a defect: it halts. */
  apply(record: LogRecord, outputs: StageOutput[]): void;
  save(out: ByteWriter): void;
  load(input: ByteReader): void;
}
