import { createHash } from 'node:crypto';
import { type ByteReader, type ByteWriter, bytesEqual, utf8 } from '../core/bytes.ts';
import type { LogRecord } from '../log/log.ts';
import type { StageOutput } from './stage.ts';

/** Where the state of a partition stands (DESIGN 2). */
export interface Position {
  readonly epoch: number;
  /** Offset of the next record to be read. */
  readonly next: number;
  /** Running digest of input and outputs, 32 bytes. */
  readonly digest: Uint8Array;
}

export const digestBytes = 32;

export function startOf(epoch: number, next: number): Position {
  return { epoch, next, digest: new Uint8Array(digestBytes) };
}

export function samePosition(a: Position, b: Position): boolean {
  return a.epoch === b.epoch && a.next === b.next && bytesEqual(a.digest, b.digest);
}

export function writePosition(out: ByteWriter, position: Position): void {
  out.u32(position.epoch).i64(position.next).raw(position.digest);
}

export function readPosition(input: ByteReader): Position {
  const epoch = input.u32();
  const next = input.i64();
  return { epoch, next, digest: input.raw(digestBytes).slice() };
}

const number = new Uint8Array(8);
const numberView = new DataView(number.buffer);
const none = new Uint8Array(0);

/**
 * d' = sha256(d, timestamp, kind, value) for a record and sha256(d, number, topic/partition, value)
 * for an output. Offsets and batch borders do not enter: they differ between logs and runtimes.
 */
export function digestRecord(digest: Uint8Array, record: LogRecord): Uint8Array {
  return chain(digest, record.timestamp, record.headers['kind'] ?? '', record.value);
}

export function digestOutput(digest: Uint8Array, output: StageOutput): Uint8Array {
  const place = `${output.topic}/${output.partition}`;
  return chain(digest, Number(output.headers['number']), place, output.value);
}

function chain(digest: Uint8Array, value: number, word: string, bytes: Uint8Array | null) {
  numberView.setFloat64(0, value, true);
  return createHash('sha256')
    .update(digest)
    .update(number)
    .update(utf8(`${word}\0`))
    .update(bytes ?? none)
    .digest();
}
