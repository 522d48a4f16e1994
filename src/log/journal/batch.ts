import { crc32 } from 'node:zlib';
import { ByteReader } from '../../core/bytes.ts';
import type { LogRecord, NewRecord } from '../log.ts';
import { readHeaders, readValue } from '../record-codec.ts';

/**
 * A batch: records of one partition that were appended together. FORMAT.md has the layout:
 *
 *     u32 magic | u32 crc32 of all that follows | u32 length of the whole batch | u32 durable
 *     | u16 topic | u16 partition | i64 first offset | i64 timestamp | u32 count | records
 *
 * The CRC starts from the CRC of the segment's header: a batch is good in its own segment only.
 */
export const batchMagic = 0x4b425345;
export const batchHeaderBytes = 40;
const crcFrom = 8;

export interface BatchHeader {
  /** Of the whole batch, in bytes. */
  readonly length: number;
  /** Length of the segment that was known durable when the batch was written. */
  readonly durable: number;
  readonly topic: number;
  readonly partition: number;
  readonly offset: number;
  /** ms */
  readonly timestamp: number;
  readonly count: number;
}

/**
 * Bytes that a record takes in a batch; exact when its headers are ASCII, else somewhat less.
 * Infinity when the headers are over what can be written.
 */
export function recordBytes(record: NewRecord): number {
  let bytes = 6 + (record.value === null ? 0 : record.value.length);
  let count = 0;
  for (const name in record.headers) {
    const value = record.headers[name]!;
    bytes += 4 + name.length + value.length;
    count++;
    if (!fitsHeader(name) || !fitsHeader(value)) return Infinity;
  }
  return count < 65536 ? bytes : Infinity;
}

/** At most 65535 bytes as UTF-8. */
const fitsHeader = (text: string): boolean =>
  text.length <= 21845 || Buffer.byteLength(text) < 65536;

/** The header at `at`, as it stands; null when no batch begins there. */
export function readBatchHeader(view: DataView, at: number): BatchHeader | null {
  if (view.getUint32(at, true) !== batchMagic) return null;
  const length = view.getUint32(at + 8, true);
  if (length < batchHeaderBytes) return null;
  return {
    length,
    durable: view.getUint32(at + 12, true),
    topic: view.getUint16(at + 16, true),
    partition: view.getUint16(at + 18, true),
    offset: view.getUint32(at + 20, true) + view.getInt32(at + 24, true) * 0x1_0000_0000,
    timestamp: view.getUint32(at + 28, true) + view.getInt32(at + 32, true) * 0x1_0000_0000,
    count: view.getUint32(at + 36, true),
  };
}

/** Whether the bytes of a whole batch are the ones that were written. */
export function isIntact(batch: Uint8Array, seed: number): boolean {
  const crc = batch[4]! | (batch[5]! << 8) | (batch[6]! << 16) | (batch[7]! << 24);
  return crc32(batch.subarray(crcFrom), seed) === crc >>> 0;
}

/** Appends the batch's records from `offset` on to `into`. Values are views of `batch`. */
export function readRecords(
  batch: Uint8Array,
  header: Pick<BatchHeader, 'offset' | 'timestamp' | 'count'>,
  offset: number,
  into: LogRecord[],
): void {
  const input = new ByteReader(batch, batchHeaderBytes);
  for (let i = 0; i < header.count; i++) {
    if (header.offset + i < offset) {
      skipRecord(input);
      continue;
    }
    const headers = readHeaders(input);
    const value = readValue(input);
    into.push({ offset: header.offset + i, timestamp: header.timestamp, headers, value });
  }
}

function skipRecord(input: ByteReader): void {
  for (let left = 2 * input.u16(); left > 0; left--) input.raw(input.u16());
  readValue(input);
}
