import { type ByteReader, type ByteWriter, text } from '../core/bytes.ts';
import { invariant } from '../core/errors.ts';
import type { Headers, LogRecord } from './log.ts';

/**
 * One encoding of a record, used by the runner's messages, and without offset and timestamp (the
 * batch has them) by the journal's batches:
 *
 *     i64 offset | i64 timestamp ms | u16 n | n x (u16 length, name, u16 length, value)
 *     | i32 value length (-1: no value) | value        (little endian)
 *
 * Names and values of headers are UTF-8 of at most 65535 bytes. Header names must not look like
 * array indexes: JavaScript would change their order.
 */
export function writeRecord(out: ByteWriter, record: LogRecord): void {
  out.i64(record.offset).i64(record.timestamp);
  writeHeaders(out, record.headers);
  writeValue(out, record.value);
}

/** The value is a view of the reader's bytes. */
export function readRecord(input: ByteReader): LogRecord {
  const offset = input.i64();
  const timestamp = input.i64();
  const headers = readHeaders(input);
  return { offset, timestamp, headers, value: readValue(input) };
}

export function writeHeaders(out: ByteWriter, headers: Headers): void {
  const names = Object.keys(headers);
  invariant(names.length < 65536, 'a record has at most 65535 headers');
  out.u16(names.length);
  for (const name of names) out.text16(name).text16(headers[name]!);
}

export function readHeaders(input: ByteReader): Headers {
  const headers: Record<string, string> = {};
  for (let left = input.u16(); left > 0; left--) {
    const name = text(input.raw(input.u16()));
    headers[name] = text(input.raw(input.u16()));
  }
  return headers;
}

export function writeValue(out: ByteWriter, value: Uint8Array | null): void {
  if (value === null) out.i32(-1);
  else out.i32(value.length).raw(value);
}

export function readValue(input: ByteReader): Uint8Array | null {
  const length = input.i32();
  return length < 0 ? null : input.raw(length);
}
