import { crc32 } from 'node:zlib';
import { ByteWriter } from '../../core/bytes.ts';
import type { Headers, LogRecord, NewRecord } from '../log.ts';
import { writeHeaders } from '../record-codec.ts';
import { batchHeaderBytes, batchMagic, recordBytes } from './batch.ts';
import type { Candidate } from './scanner.ts';

/**
 * Values from this size on are written from where they stand and shared with readers; smaller
 * ones are copied, so that many of them go in one piece.
 */
const sharedBytesMin = 8192;
/** Appends are cut into batches of about this size. */
const batchBytesMax = 256 * 1024;
/** What a record takes beside its bytes while it is kept for readers, about. */
const objectBytes = 200;

/** Where a batch belongs. */
export interface BatchPlace {
  readonly slot: number;
  readonly topic: number;
  readonly partition: number;
  readonly offset: number;
}

export interface EncodedBatch extends Candidate {
  /** As readers get them. */
  readonly records: readonly LogRecord[];
  /** What the records take in memory, about. */
  readonly memoryBytes: number;
}

/** Bytes that an append takes at most, as far as its headers are ASCII: in all, and copied. */
export interface AppendSize {
  readonly bytes: number;
  readonly copied: number;
}

/** Null when a record is over `recordBytesMax` (then its size is Infinity where it has none). */
export function appendSize(
  records: readonly NewRecord[],
  recordBytesMax: number,
): AppendSize | { readonly tooLarge: number } {
  let sum = 0;
  let shared = 0;
  for (const record of records) {
    const bytes = recordBytes(record);
    if (bytes > recordBytesMax) return { tooLarge: bytes };
    sum += bytes;
    if (isShared(record.value)) shared += record.value.length;
  }
  const bytes = sum + batchHeaderBytes * (1 + Math.floor(sum / batchBytesMax));
  return { bytes, copied: bytes - shared };
}

/** A large value; not one that would keep a much larger buffer from being freed. */
function isShared(value: Uint8Array | null): value is Uint8Array {
  if (value === null || value.length < sharedBytesMin) return false;
  return value.length * 2 >= value.buffer.byteLength;
}

/** Cuts the records of an append into batches. */
export function splitAppend(records: readonly NewRecord[]): (readonly NewRecord[])[] {
  if (records.length === 1) return [records];
  const parts: (readonly NewRecord[])[] = [];
  let start = 0;
  let bytes = 0;
  for (let i = 0; i < records.length; i++) {
    bytes += recordBytes(records[i]!);
    if (bytes < batchBytesMax && i < records.length - 1) continue;
    parts.push(records.slice(start, i + 1));
    start = i + 1;
    bytes = 0;
  }
  return parts;
}

/** A batch that is not finished: its checksum comes when all bytes stand where they stay. */
interface OpenBatch extends BatchPlace {
  readonly records: readonly NewRecord[];
  readonly position: number;
  readonly length: number;
  /** Its copied bytes, and where the shared values belong between them. */
  readonly start: number;
  readonly end: number;
  readonly firstCut: number;
  /** Where the copied value of each record stands; -1 for the others. */
  readonly valuesAt: readonly number[];
}

/** A shared value, and how many copied bytes of the group stand before it. */
interface Cut {
  readonly at: number;
  readonly value: Uint8Array;
}

/**
 * Encodes the batches of one group (batch.ts has the layout). Headers and small values go into one
 * buffer, large values stay where they are.
 */
export class GroupEncoder {
  readonly #out: ByteWriter;
  readonly #seed: number;
  readonly #timestamp: number;
  readonly #durable: number;
  readonly #batches: OpenBatch[] = [];
  readonly #cuts: Cut[] = [];
  #position: number;

  /** `position`: length of the segment, all of it durable. `seed`: CRC of its header. */
  constructor(
    place: { readonly position: number; readonly seed: number },
    timestamp: number,
    copied: number,
  ) {
    this.#out = new ByteWriter(copied);
    this.#seed = place.seed;
    this.#timestamp = timestamp;
    this.#durable = place.position;
    this.#position = place.position;
  }

  add(place: BatchPlace, records: readonly NewRecord[]): void {
    const out = this.#out;
    const start = out.length;
    const firstCut = this.#cuts.length;
    const valuesAt: number[] = [];
    let shared = 0;
    out.u32(batchMagic).u32(0).u32(0).u32(this.#durable).u16(place.topic).u16(place.partition);
    out.i64(place.offset).i64(this.#timestamp).u32(records.length);
    for (const { headers, value } of records) {
      writeHeaders(out, headers);
      out.i32(value === null ? -1 : value.length);
      const isCopied = value !== null && !isShared(value);
      valuesAt.push(isCopied ? out.length : -1);
      if (isCopied) {
        out.raw(value);
      } else if (value !== null) {
        this.#cuts.push({ at: out.length, value });
        shared += value.length;
      }
    }
    const end = out.length;
    const length = end - start + shared;
    out.setU32(start + 8, length);
    const position = this.#position;
    const parts = { records, position, length, start, end, firstCut, valuesAt };
    this.#batches.push({ ...place, ...parts });
    this.#position += length;
  }

  /** The bytes to write, in order, and the batches in them. */
  finish(): { chunks: Uint8Array[]; batches: EncodedBatch[]; length: number } {
    const batches = this.#batches.map((batch) => this.#finishBatch(batch));
    const bytes = this.#out.view();
    const chunks: Uint8Array[] = [];
    let from = 0;
    for (const { at, value } of this.#cuts) {
      chunks.push(bytes.subarray(from, at), value);
      from = at;
    }
    if (from < bytes.length) chunks.push(bytes.subarray(from));
    return { chunks, batches, length: this.#position - this.#durable };
  }

  #finishBatch(batch: OpenBatch): EncodedBatch {
    const { slot, topic, partition, offset, position, length } = batch;
    const timestamp = this.#timestamp;
    const durable = this.#durable;
    const count = batch.records.length;
    this.#out.setU32(batch.start + 4, this.#checksum(batch));
    const place = { slot, topic, partition, offset, position, length, timestamp, durable, count };
    const memoryBytes = length + objectBytes * count;
    return { ...place, records: this.#readable(batch), memoryBytes };
  }

  #checksum({ start, end, firstCut }: OpenBatch): number {
    const bytes = this.#out.view();
    let crc = this.#seed;
    let from = start + 8;
    for (let i = firstCut; i < this.#cuts.length && this.#cuts[i]!.at <= end; i++) {
      const { at, value } = this.#cuts[i]!;
      crc = crc32(value, crc32(bytes.subarray(from, at), crc));
      from = at;
    }
    return crc32(bytes.subarray(from, end), crc);
  }

  /** The records as a reader of the file would get them. */
  #readable({ records, offset, valuesAt }: OpenBatch): LogRecord[] {
    const bytes = this.#out.view();
    return records.map(({ headers, value }, i) => {
      const at = valuesAt[i]!;
      const own = at < 0 ? value : bytes.subarray(at, at + value!.length);
      return {
        offset: offset + i,
        timestamp: this.#timestamp,
        headers: asWritten(headers),
        value: own,
      };
    });
  }
}

/** Headers whose text is no Unicode (half a surrogate pair) come back changed. */
function asWritten(headers: Headers): Headers {
  let isSame = true;
  for (const name in headers) {
    isSame &&= name.isWellFormed() && headers[name]!.isWellFormed();
  }
  if (isSame) return headers;
  const written = Object.entries(headers).map(([name, value]) => [
    name.toWellFormed(),
    value.toWellFormed(),
  ]);
  return Object.fromEntries(written);
}
