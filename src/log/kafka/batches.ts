import { SeastateError } from '../../core/errors.ts';
import type { Headers, LogRecord } from '../log.ts';

/**
 * Decodes Kafka's record batches, version 2 (kafka.apache.org/documentation/#recordbatch), as a
 * fetch answers them. By hand, because a foreign topic has one sample per record.
 */
export interface Decoded {
  readonly records: LogRecord[];
  /** The offset after the last whole batch, or `from`: control batches move it too. */
  readonly next: number;
}

/** Inflates the records of a batch; `codec` is the number in the batch's attributes. */
export type Inflate = (codec: number, bytes: Buffer) => Buffer;

const codecMask = 0x07;
const logAppendTime = 0x08;
const controlBatch = 0x20;
const headBytes = 61;
const noHeaders: Headers = Object.freeze({});

/**
 * Records of `bytes` whose offset is at least `from`. A batch that is cut off at the end is left
 * out (the next fetch brings it whole). Values are views of `bytes` where it is not compressed.
 */
export function decodeBatches(bytes: Buffer, from: number, inflate: Inflate): Decoded {
  const records: LogRecord[] = [];
  let next = from;
  let at = 0;
  while (at + headBytes <= bytes.length) {
    const end = at + 12 + bytes.readInt32BE(at + 8);
    if (end > bytes.length) break;
    const magic = bytes[at + 16];
    if (magic !== 2) {
      const message = `a record batch has format ${magic}; Seastate reads format 2 (Kafka 0.11 on)`;
      throw new SeastateError('log_unreadable', message);
    }
    const base = Number(bytes.readBigInt64BE(at));
    const attributes = bytes.readInt16BE(at + 21);
    next = Math.max(next, base + bytes.readInt32BE(at + 23) + 1);
    if ((attributes & controlBatch) === 0) {
      const packed = bytes.subarray(at + headBytes, end);
      const codec = attributes & codecMask;
      const body = codec === 0 ? packed : inflate(codec, packed);
      // With LogAppendTime every record has the batch's greatest timestamp.
      const own = (attributes & logAppendTime) === 0;
      const time = Number(bytes.readBigInt64BE(at + (own ? 27 : 35)));
      new RecordReader(body).read(bytes.readInt32BE(at + 57), base, time, own, from, records);
    }
    at = end;
  }
  return { records, next };
}

class RecordReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  read(
    count: number,
    base: number,
    time: number,
    own: boolean,
    from: number,
    out: LogRecord[],
  ): void {
    for (let left = count; left > 0; left--) {
      const length = this.#varint();
      const end = this.#at + length;
      this.#at += 1;
      const delta = this.#varint();
      const offset = base + this.#varint();
      const keyLength = this.#varint();
      if (keyLength > 0) this.#at += keyLength;
      const value = this.#field();
      if (offset >= from) {
        const timestamp = own ? time + delta : time;
        out.push({ offset, timestamp, headers: this.#headers(), value });
      }
      this.#at = end;
    }
  }

  #field(): Buffer | null {
    const length = this.#varint();
    if (length < 0) return null;
    const start = this.#at;
    this.#at = start + length;
    return this.#bytes.subarray(start, this.#at);
  }

  #headers(): Headers {
    const count = this.#varint();
    if (count === 0) return noHeaders;
    const headers: Record<string, string> = {};
    for (let left = count; left > 0; left--) {
      const name = this.#text();
      headers[name] = this.#text();
    }
    return headers;
  }

  #text(): string {
    const length = this.#varint();
    if (length <= 0) return '';
    const start = this.#at;
    this.#at = start + length;
    return this.#bytes.toString('utf8', start, this.#at);
  }

  /** A zigzag varint as a number; timestamps' deltas may have more than 32 bits. */
  #varint(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.#at++]!;
    let low = byte & 0x7f;
    let scale = 128;
    while (byte > 127 && scale < 2 ** 53) {
      byte = bytes[this.#at++]!;
      low += (byte & 0x7f) * scale;
      scale *= 128;
    }
    return low % 2 === 0 ? low / 2 : -(low + 1) / 2;
  }
}
