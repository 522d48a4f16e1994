import { ByteWriter, utf8 } from '../../core/bytes.ts';
import { grown } from './columns.ts';
import { writeVarint } from './encode.ts';
import type { Labels } from './known-series.ts';
import { staleHigh, staleLow } from './stale.ts';

/** Bytes of a varint of 32 bits, and of one of 64, at most. */
const refBytesMax = 5;
const timeBytesMax = 10;
const sampleBytesMax = 11 + timeBytesMax;

/**
 * Writes remote write 2.0 requests of series that come again and again, sample by sample: labels
 * are looked at once, when a series is defined. A request depends on what was added to it alone.
 */
export class SeriesWriter {
  readonly #ids = new Map<string, number>();
  /** By id of a text: its symbol field, its number in this request, and the request of that. */
  readonly #fields: Uint8Array[] = [];
  #refs = new Int32Array(256);
  #refOf = new Int32Array(256);
  /** By series: the ids of its names and values. */
  readonly #series: Int32Array[] = [];
  readonly #symbols = new ByteWriter(4096);
  #bytes = new Uint8Array(1 << 14);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  #request = 0;
  #symbolCount = 0;
  #samples = 0;

  constructor() {
    this.#begin();
  }

  /** Series defined. */
  get seriesCount(): number {
    return this.#series.length;
  }

  /** Samples since the last `finish`. */
  get sampleCount(): number {
    return this.#samples;
  }

  /** A series with these labels, which are sorted and none of them empty; for `add`. */
  define(labels: Labels): number {
    return this.#series.push(Int32Array.from(labels.flat(), (text) => this.#intern(text))) - 1;
  }

  #intern(text: string): number {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const id = this.#fields.length;
    const bytes = utf8(text);
    const field = new ByteWriter(bytes.length + 1 + refBytesMax).u8(0x22);
    writeVarint(field, bytes.length);
    this.#fields.push(field.raw(bytes).take());
    this.#ids.set(text, id);
    if (id === this.#refs.length) {
      this.#refs = grown(this.#refs);
      this.#refOf = grown(this.#refOf);
    }
    return id;
  }

  /** Adds a sample; `time` in ms, `stale` for the stale marker. */
  add(series: number, time: number, value: number | 'stale'): void {
    const ids = this.#series[series]!;
    // Tag and length before the entry, tag and length of its refs, each length of up to five bytes.
    const head = 2 * (1 + refBytesMax);
    this.#reserve(head + ids.length * refBytesMax + 2 + sampleBytesMax);
    const start = this.#length;
    const refsAt = start + head;
    const refsEnd = this.#writeRefs(ids, refsAt);
    const end = this.#writeSample(refsEnd, time, value);
    const refsLength = refsEnd - refsAt;
    const refsHead = 1 + lengthOfVarint(refsLength);
    let at = this.#put(start, 0x2a, refsHead + (end - refsAt));
    at = this.#put(at, 0x0a, refsLength);
    this.#bytes.copyWithin(at, refsAt, end);
    this.#length = at + (end - refsAt);
    this.#samples++;
  }

  #writeRefs(ids: Int32Array, start: number): number {
    const bytes = this.#bytes;
    const refs = this.#refs;
    const refOf = this.#refOf;
    const request = this.#request;
    let at = start;
    for (let k = 0; k < ids.length; k++) {
      const id = ids[k]!;
      if (refOf[id] !== request) this.#newSymbol(id);
      let rest = refs[id]!;
      for (; rest >= 0x80; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
      bytes[at++] = rest;
    }
    return at;
  }

  #newSymbol(id: number): void {
    this.#refOf[id] = this.#request;
    this.#refs[id] = this.#symbolCount++;
    this.#symbols.raw(this.#fields[id]!);
  }

  #writeSample(start: number, time: number, value: number | 'stale'): number {
    const bytes = this.#bytes;
    const view = this.#view;
    bytes[start] = 0x12;
    bytes[start + 2] = 0x09;
    if (value === 'stale') {
      view.setUint32(start + 3, staleLow, true);
      view.setUint32(start + 7, staleHigh, true);
    } else view.setFloat64(start + 3, value, true);
    bytes[start + 11] = 0x10;
    let at = start + 12;
    let low = time >>> 0;
    let high = Math.floor(time / 2 ** 32) >>> 0;
    while (high > 0 || low > 0x7f) {
      bytes[at++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    bytes[at++] = low;
    bytes[start + 1] = at - start - 2;
    return at;
  }

  /** Tag and length of a field; returns what lies behind. */
  #put(start: number, tag: number, length: number): number {
    const bytes = this.#bytes;
    bytes[start] = tag;
    let at = start + 1;
    let rest = length;
    for (; rest >= 0x80; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
    bytes[at++] = rest;
    return at;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    this.#bytes = grown(this.#bytes, Math.max(needed, this.#bytes.length * 2));
    this.#view = new DataView(this.#bytes.buffer);
  }

  #begin(): void {
    this.#request++;
    this.#samples = 0;
    this.#length = 0;
    this.#symbols.clear();
    this.#symbols.u8(0x22).u8(0);
    this.#symbolCount = 1;
  }

  /** The request, not compressed: bytes of their own. The writer is empty afterwards. */
  finish(): Uint8Array<ArrayBuffer> {
    const request = this.#symbols.raw(this.#bytes.subarray(0, this.#length)).take();
    this.#begin();
    return request;
  }
}

const lengthOfVarint = (value: number): number => {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest >>>= 7) length++;
  return length;
};
