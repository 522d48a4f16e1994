import { ByteReader, ByteWriter } from '../../core/bytes.ts';
import type { LogRecord } from '../../log/log.ts';
import {
  readHeaders,
  readRecord,
  readValue,
  writeHeaders,
  writeRecord,
  writeValue,
} from '../../log/record-codec.ts';
import { type Position, readPosition, writePosition } from '../position.ts';
import type { StageOutput } from '../stage.ts';

/**
 * The messages between a runtime and a runner: PROTOCOL.md, with vectors in protocol-vectors.json.
 */
export const protocolVersion = 1;

export interface Hello {
  readonly type: 'hello';
  readonly protocol: number;
  readonly node: string;
  readonly arch: string;
  readonly stage: string;
  /** sha-256 (hex) of the users' bundle, '' without one. */
  readonly bundle: string;
}

export interface Load {
  readonly type: 'load';
  readonly partition: number;
  /** Of the snapshot. */
  readonly position: Position;
  readonly chunks: readonly Uint8Array[];
  /** Records parts of the batches since. */
  readonly tail: readonly Uint8Array[];
}

export interface Batch {
  readonly type: 'batch';
  readonly partition: number;
  readonly position: Position;
  readonly wantSnapshot: boolean;
  /** Records part: `encodeRecords`. */
  readonly records: Uint8Array;
}

export interface Done {
  readonly type: 'done';
  readonly partition: number;
  readonly position: Position;
  readonly outputs: readonly StageOutput[];
  readonly chunks: readonly Uint8Array[];
}

export interface Need {
  readonly type: 'need';
  readonly partition: number;
}

export interface Failed {
  readonly type: 'failed';
  readonly partition: number;
  readonly code: string;
  readonly message: string;
  readonly stage: string;
  /** Of the record at which it failed, -1 when it was none. */
  readonly offset: number;
}

export type Request = Load | Batch;
export type Reply = Hello | Done | Need | Failed;
export type Message = Request | Reply;

const types = ['hello', 'load', 'batch', 'done', 'need', 'failed'] as const;

export function encodeRecords(records: readonly LogRecord[]): Uint8Array {
  const out = new ByteWriter(recordsBytes(records));
  writeRecords(out, records);
  return out.view();
}

/** A batch message straight from records: their values are copied once. */
export function encodeBatch(
  { partition, position, wantSnapshot }: Omit<Batch, 'type' | 'records'>,
  records: readonly LogRecord[],
): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter(recordsBytes(records) + 64);
  writeBatchHead(out, partition, position, wantSnapshot);
  writeRecords(out, records);
  return out.view();
}

const recordsBytes = (records: readonly LogRecord[]): number =>
  records.reduce((sum, { value }) => sum + (value?.length ?? 0) + 512, 8);

function writeRecords(out: ByteWriter, records: readonly LogRecord[]): void {
  out.u32(records.length);
  for (const record of records) writeRecord(out, record);
}

function writeBatchHead(
  out: ByteWriter,
  partition: number,
  position: Position,
  wantSnapshot: boolean,
): void {
  out.u8(types.indexOf('batch')).u32(partition);
  writePosition(out, position);
  out.u8(wantSnapshot ? 1 : 0);
}

/** Values are views of `bytes`. */
export function decodeRecords(bytes: Uint8Array): LogRecord[] {
  const input = new ByteReader(bytes);
  return Array.from({ length: input.u32() }, () => readRecord(input));
}

export function encodeMessage(message: Message): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter(sizeOf(message));
  if (message.type === 'batch') {
    writeBatchHead(out, message.partition, message.position, message.wantSnapshot);
    return out.raw(message.records).view();
  }
  out.u8(types.indexOf(message.type));
  switch (message.type) {
    case 'hello': {
      const { type: _, ...body } = message;
      out.text(JSON.stringify(body));
      break;
    }
    case 'load':
      out.u32(message.partition);
      writePosition(out, message.position);
      writeAll(out, message.chunks);
      writeAll(out, message.tail);
      break;
    case 'done':
      out.u32(message.partition);
      writePosition(out, message.position);
      out.u32(message.outputs.length);
      for (const output of message.outputs) writeOutput(out, output);
      writeAll(out, message.chunks);
      break;
    case 'need':
      out.u32(message.partition);
      break;
    case 'failed': {
      const { type: _, partition, ...body } = message;
      out.u32(partition).text(JSON.stringify({ ...body, partition }));
    }
  }
  return out.view();
}

export function decodeMessage(bytes: Uint8Array): Message {
  const input = new ByteReader(bytes);
  const type = types[input.u8()];
  switch (type) {
    case 'hello':
      return { type, ...JSON.parse(input.text()) };
    case 'load':
      return {
        type,
        partition: input.u32(),
        position: readPosition(input),
        chunks: readAll(input),
        tail: readAll(input),
      };
    case 'batch':
      return {
        type,
        partition: input.u32(),
        position: readPosition(input),
        wantSnapshot: input.u8() === 1,
        records: bytes.subarray(input.at),
      };
    case 'done':
      return {
        type,
        partition: input.u32(),
        position: readPosition(input),
        outputs: Array.from({ length: input.u32() }, () => readOutput(input)),
        chunks: readAll(input),
      };
    case 'need':
      return { type, partition: input.u32() };
    case 'failed': {
      const partition = input.u32();
      return { type, ...JSON.parse(input.text()), partition };
    }
    default:
      throw new Error(`unknown message type ${bytes[0]}`);
  }
}

function sizeOf(message: Message): number {
  const total = (parts: readonly Uint8Array[]): number =>
    parts.reduce((sum, part) => sum + part.length + 4, 64);
  if (message.type === 'load') return total(message.chunks) + total(message.tail);
  if (message.type === 'batch') return message.records.length + 64;
  if (message.type === 'done') return total(message.chunks) + message.outputs.length * 512;
  return 256;
}

function writeAll(out: ByteWriter, parts: readonly Uint8Array[]): void {
  out.u32(parts.length);
  for (const part of parts) out.bytes(part);
}

function readAll(input: ByteReader): Uint8Array[] {
  return Array.from({ length: input.u32() }, () => input.bytes());
}

function writeOutput(out: ByteWriter, output: StageOutput): void {
  out.text(output.topic).u32(output.partition);
  writeHeaders(out, output.headers);
  writeValue(out, output.value);
}

function readOutput(input: ByteReader): StageOutput {
  const topic = input.text();
  const partition = input.u32();
  const headers = readHeaders(input);
  return { topic, partition, headers, value: readValue(input) };
}
