import { ByteWriter, utf8 } from '../../core/bytes.ts';
import { writeVarint } from './encode.ts';
import type { Labels } from './known-series.ts';
import { staleHigh, staleLow } from './stale.ts';

/**
 * Writes remote write 2.0 requests of series that come again and again, sample by sample: labels
 * are looked at once, when a series is defined. A request depends on what was added to it alone.
 */
export class SeriesWriter {
  readonly #ids = new Map<string, number>();
  /** By id of a text: its symbol field, its number in this request, and the request of that. */
  readonly #fields: Uint8Array[] = [];
  readonly #refs: number[] = [];
  readonly #refOf: number[] = [];
  /** By series: the ids of its names and values. */
  readonly #series: (readonly number[])[] = [];
  readonly #symbols = new ByteWriter(4096);
  readonly #entries = new ByteWriter(4096);
  readonly #packed = new ByteWriter(256);
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
    return this.#series.push(labels.flat().map((text) => this.#intern(text))) - 1;
  }

  #intern(text: string): number {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const bytes = utf8(text);
    const field = new ByteWriter(bytes.length + 6);
    field.u8(0x22);
    writeVarint(field, bytes.length);
    this.#ids.set(text, this.#fields.length);
    this.#refs.push(0);
    this.#refOf.push(0);
    return this.#fields.push(field.raw(bytes).take()) - 1;
  }

  /** Adds a sample; `time` in ms, `stale` for the stale marker. */
  add(series: number, time: number, value: number | 'stale'): void {
    const packed = this.#packed;
    packed.clear();
    for (const id of this.#series[series]!) writeVarint(packed, this.#refOfText(id));
    const timeBytes = varintLength(time);
    const sampleBytes = 10 + timeBytes;
    const out = this.#entries.u8(0x2a);
    writeVarint(out, 1 + varintLength(packed.length) + packed.length + 2 + sampleBytes);
    out.u8(0x0a);
    writeVarint(out, packed.length);
    out.raw(packed.view()).u8(0x12).u8(sampleBytes).u8(0x09);
    if (value === 'stale') out.u32(staleLow).u32(staleHigh);
    else out.f64(value);
    out.u8(0x10);
    writeVarint(out, time);
    this.#samples++;
  }

  #refOfText(id: number): number {
    if (this.#refOf[id] !== this.#request) {
      this.#refOf[id] = this.#request;
      this.#refs[id] = this.#symbolCount++;
      this.#symbols.raw(this.#fields[id]!);
    }
    return this.#refs[id]!;
  }

  #begin(): void {
    this.#request++;
    this.#samples = 0;
    this.#entries.clear();
    this.#symbols.clear();
    this.#symbols.u8(0x22).u8(0);
    this.#symbolCount = 1;
  }

  /** The request, not compressed: bytes of their own. The writer is empty afterwards. */
  finish(): Uint8Array<ArrayBuffer> {
    const request = this.#symbols.raw(this.#entries.view()).take();
    this.#begin();
    return request;
  }
}

/** Bytes of a number below 2^53 as a varint; a negative one takes ten. */
function varintLength(value: number): number {
  if (value < 0) return 10;
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}
