import { ByteWriter } from '../../core/bytes.ts';
import type { WriteColumns } from './columns.ts';
import { writeVarint } from './encode.ts';
import { readExemplar } from './exemplar.ts';
import { customSchema, readNativeHistogram } from './histogram.ts';
import type { Intake, IntakeResult } from './intake.ts';
import { Wire } from './wire.ts';

/** Field 17 of a histogram, a varint. */
const startTimeTag = 0x88;

/**
 * Collects chosen series entries of requests into one remote write 1.0 request: exact bits,
 * exemplars, histograms as they came. Histograms with custom bounds, start times and metadata are
 * not in that protocol.
 */
export class RequestEncoderV1 {
  readonly #intake: Intake;
  /** Label fields by known series of `#generation`. */
  #labels: Uint8Array[] = [];
  #generation: number;
  readonly #request = new ByteWriter(1 << 16);
  readonly #entry = new ByteWriter(1024);
  readonly #part = new ByteWriter(256);
  /** Histograms that the protocol cannot carry, since the last `finish`. */
  dropped = 0;

  constructor(intake: Intake) {
    this.#intake = intake;
    this.#generation = intake.generation;
  }

  /** Length of the request so far. */
  get byteLength(): number {
    return this.#request.length;
  }

  /** Adds entry `index` of the result that the Intake gave last: copies, keeps no reference. */
  add(result: IntakeResult, index: number): void {
    const c = result.columns;
    const entry = this.#entry;
    entry.clear();
    entry.raw(this.#labelsOf(result.series[index]!));
    const empty = entry.length;
    for (let k = c.sampleFrom[index]!; k < c.sampleFrom[index + 1]!; k++) {
      const part = this.#begin().u8(0x09);
      // As words: the payload of a NaN may not survive as a number.
      part.u32(c.valueWords[2 * k]!).u32(c.valueWords[2 * k + 1]!);
      this.#time(0x10, c.times[k]!);
      this.#nest(0x12);
    }
    for (let k = c.exemplarFrom[index]!; k < c.exemplarFrom[index + 1]!; k++) this.#exemplar(c, k);
    for (let k = c.histogramFrom[index]!; k < c.histogramFrom[index + 1]!; k++) {
      this.#histogram(c, k);
    }
    if (entry.length === empty) return;
    this.#request.u8(0x0a);
    writeVarint(this.#request, entry.length);
    this.#request.raw(entry.view());
  }

  #labelsOf(series: number): Uint8Array {
    const { known, generation } = this.#intake;
    if (generation !== this.#generation) this.#labels = [];
    this.#generation = generation;
    const kept = this.#labels[series];
    if (kept) return kept;
    const symbols = [...known.vectors.vector(series)];
    const fields = labelFields(symbols.map((symbol) => known.symbols.bytes(symbol)));
    this.#labels[series] = fields;
    return fields;
  }

  #histogram(c: WriteColumns, index: number): void {
    const [start, end] = [c.histogramStart[index]!, c.histogramEnd[index]!];
    if (readNativeHistogram(c.bytes, start, end).schema === customSchema) {
      this.dropped++;
      return;
    }
    const part = this.#begin();
    const wire = new Wire(c.bytes);
    wire.at = start;
    let from = start;
    while (wire.at < end) {
      const { at } = wire;
      const tag = wire.tag(end);
      wire.skip(tag, end);
      if (tag !== startTimeTag) continue;
      part.raw(c.bytes.subarray(from, at));
      from = wire.at;
    }
    part.raw(c.bytes.subarray(from, end));
    this.#nest(0x22);
  }

  #exemplar(c: WriteColumns, index: number): void {
    const { labels, valueAt, time } = readExemplar(c, index);
    const texts: Uint8Array[] = [];
    for (let k = 0; k < labels.length; k += 2) {
      texts.push(c.bytes.subarray(labels[k], labels[k + 1]));
    }
    const part = this.#begin().raw(labelFields(texts));
    if (valueAt >= 0) part.u8(0x11).raw(c.bytes.subarray(valueAt, valueAt + 8));
    this.#time(0x18, time);
    this.#nest(0x1a);
  }

  #begin(): ByteWriter {
    this.#part.clear();
    return this.#part;
  }

  #time(tag: number, time: number): void {
    if (time === 0) return;
    this.#part.u8(tag);
    writeVarint(this.#part, time);
  }

  /** Appends the part as a field of the entry. */
  #nest(tag: number): void {
    this.#entry.u8(tag);
    writeVarint(this.#entry, this.#part.length);
    this.#entry.raw(this.#part.view());
  }

  /** The request, not compressed: bytes of their own. The encoder is empty afterwards. */
  finish(): Uint8Array<ArrayBuffer> {
    const request = this.#request.take();
    this.#request.clear();
    this.dropped = 0;
    return request;
  }
}

/** Names and values in turn as `labels` of a series or an exemplar. */
function labelFields(texts: readonly Uint8Array[]): Uint8Array {
  const out = new ByteWriter(256);
  const label = new ByteWriter(128);
  for (let k = 0; k < texts.length; k += 2) {
    label.clear();
    writeText(label, 0x0a, texts[k]!);
    writeText(label, 0x12, texts[k + 1]!);
    writeText(out, 0x0a, label.view());
  }
  return out.take();
}

function writeText(out: ByteWriter, tag: number, bytes: Uint8Array): void {
  out.u8(tag);
  writeVarint(out, bytes.length);
  out.raw(bytes);
}
