import { SeastateError } from '../../core/errors.ts';

/**
 * Reads protobuf's wire format (https://protobuf.dev/programming-guides/encoding). `end` is the end
 * of the enclosing message: nothing is read behind it, and every failure is `body_malformed`.
 */
export class Wire {
  bytes: Uint8Array;
  view: DataView;
  at = 0;

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  fail(reason: string, at = this.at): never {
    throw new SeastateError('body_malformed', `the body is broken at byte ${at}: ${reason}`);
  }

  /** A field's tag: number and wire type. */
  tag(end: number): number {
    const tag = this.uint32(end);
    if (tag < 8) this.fail('a field without number');
    return tag;
  }

  /** The low 32 bits of a varint. */
  uint32(end: number): number {
    const { bytes } = this;
    let at = this.at;
    if (at >= end) this.fail('cut off in a varint');
    let byte = bytes[at++]!;
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (at >= end) this.fail('cut off in a varint');
      if (shift > 63) this.fail('a varint of more than ten bytes');
      byte = bytes[at++]!;
      if (shift < 32) value |= (byte & 0x7f) << shift;
    }
    this.at = at;
    return value >>> 0;
  }

  /** A signed 64-bit varint: exact within 2^53, beyond that the nearest number. */
  int64(end: number): number {
    const { bytes } = this;
    let at = this.at;
    let low = 0;
    let high = 0;
    let byte = 0x80;
    for (let shift = 0; byte >= 0x80; shift += 7) {
      if (at >= end) this.fail('cut off in a varint');
      if (shift > 63) this.fail('a varint of more than ten bytes');
      byte = bytes[at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
    }
    this.at = at;
    return high * 0x1_0000_0000 + (low >>> 0);
  }

  /** The length of a nested message, string or packed field; all of it lies before `end`. */
  size(end: number): number {
    const start = this.at;
    const { bytes } = this;
    let at = start;
    if (at >= end) this.fail('cut off before a length');
    let byte = bytes[at++]!;
    let size = byte & 0x7f;
    for (let scale = 0x80; byte >= 0x80; scale *= 0x80) {
      if (at >= end) this.fail('cut off in a length');
      if (at - start >= 10) this.fail('a varint of more than ten bytes', start);
      byte = bytes[at++]!;
      size += (byte & 0x7f) * scale;
    }
    if (size > end - at) this.fail(`a length of ${size} reaches past its message`, start);
    this.at = at;
    return size;
  }

  /** Steps over the value of a field that is not known. */
  skip(tag: number, end: number): void {
    const type = tag & 7;
    if (type === 0) this.uint32(end);
    else if (type === 1) this.#step(8, end);
    else if (type === 2) this.#step(this.size(end), end);
    else if (type === 5) this.#step(4, end);
    else this.fail(`field ${tag >>> 3} has wire type ${type}`);
  }

  /** Steps over a fixed 64-bit value and returns where it stands. */
  fixed64(end: number): number {
    this.#step(8, end);
    return this.at - 8;
  }

  #step(count: number, end: number): void {
    if (count > end - this.at) this.fail('cut off in a field');
    this.at += count;
  }
}

export function overLimit(limit: string, max: number): SeastateError {
  return new SeastateError(
    'limit_exceeded',
    `the request is over the limit ${limit} (${max}): send smaller requests or raise the limit`,
  );
}
