import { readFileSync } from 'node:fs';
import { ByteReader, ByteWriter, utf8 } from '../../../src/core/bytes.ts';
import { digestOutput, digestRecord, type Position } from '../../../src/engine/position.ts';
import type { StageOutput } from '../../../src/engine/stage.ts';
import type { LogRecord } from '../../../src/log/log.ts';

export interface FakeSetup {
  readonly stage: string;
  readonly partitions: number;
  readonly targets: Readonly<Record<string, number>>;
  readonly bundle?: { readonly path: string; readonly sha256: string };
}

const chunkBytes = 16;

/** What a bundle changes: its text is appended to every value. */
export const codeOf = ({ bundle }: FakeSetup): string =>
  bundle ? readFileSync(new URL(bundle.path), 'utf8') : '';

/**
 * State of one partition of the fake stage: one numbered output per record, whose value depends on
 * all records before it. Chunks are tiny, so that every snapshot has several.
 */
export class FakeState {
  position: Position;
  readonly #setup: FakeSetup;
  readonly #partition: number;
  readonly #topic: string;
  readonly #code: string;
  #settings = 0;
  #time = 0;
  #sum = 0;
  #numbers: number[];

  constructor(setup: FakeSetup, partition: number, position: Position, code = codeOf(setup)) {
    this.#setup = setup;
    this.#partition = partition;
    this.position = position;
    this.#topic = Object.keys(setup.targets)[0]!;
    this.#numbers = Array.from({ length: setup.targets[this.#topic]! }, () => 0);
    this.#code = code;
  }

  apply(records: readonly LogRecord[]): StageOutput[] {
    const outputs: StageOutput[] = [];
    for (const record of records) this.#take(record, outputs);
    return outputs;
  }

  #take(record: LogRecord, outputs: StageOutput[]): void {
    const kind = record.headers['kind'] ?? '';
    this.#time = Math.max(this.#time, record.timestamp);
    for (const byte of record.value ?? []) this.#sum = (this.#sum * 31 + byte) % 1_000_003;
    if (kind === 'settings') this.#settings = Math.max(this.#settings, versionIn(record));
    let digest = digestRecord(this.position.digest, record);
    if (kind !== 'skip') {
      const output = this.#output(kind);
      outputs.push(output);
      digest = digestOutput(digest, output);
    }
    this.position = { epoch: this.position.epoch, next: record.offset + 1, digest };
  }

  #output(kind: string): StageOutput {
    const partition = this.#sum % this.#numbers.length;
    const number = this.#numbers[partition]!++;
    const from = `${this.#setup.stage}/${this.#partition}/${this.position.epoch}`;
    const value = `${this.#partition}:${this.#sum}${this.#code}`;
    return {
      topic: this.#topic,
      partition,
      headers: { from, number: String(number), kind },
      value: number % 10 === 9 ? null : utf8(value),
    };
  }

  save(): Uint8Array[] {
    const told = { settings: this.#settings, time: this.#time, format: 1 };
    const header = new ByteWriter().text(JSON.stringify(told)).take();
    const out = new ByteWriter().u32(this.#sum).u32(this.#numbers.length);
    for (const number of this.#numbers) out.u32(number);
    const bytes = out.take();
    const count = Math.ceil(bytes.length / chunkBytes);
    const chunks = Array.from({ length: count }, (_, i) =>
      bytes.subarray(i * chunkBytes, (i + 1) * chunkBytes),
    );
    return [header, ...chunks];
  }

  load(chunks: readonly Uint8Array[]): void {
    const input = new ByteReader(Buffer.concat(chunks));
    const { settings, time } = JSON.parse(input.text());
    this.#settings = settings;
    this.#time = time;
    this.#sum = input.u32();
    this.#numbers = Array.from({ length: input.u32() }, () => input.u32());
  }
}

/** Version of the settings in a record; 0 when it is not JSON. */
function versionIn({ value }: LogRecord): number {
  try {
    return JSON.parse(Buffer.from(value ?? []).toString()).version ?? 0;
  } catch {
    return 0;
  }
}
