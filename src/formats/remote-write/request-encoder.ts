import { ByteWriter, text, utf8 } from '../../core/bytes.ts';
import { Heap, type Kernel, link } from '../../core/heap.ts';
import type { WriteColumns } from './columns.ts';
import { writeVarint } from './encode.ts';
import { cellBytes, encoderFrameBytes, entryModule, hashFactor } from './entry-kernel.ts';
import { readExemplar } from './exemplar.ts';
import type { Intake, IntakeResult } from './intake.ts';
import type { KnownSeries } from './known-series.ts';

/** Bytes that one sample takes at most: tag, length, value, time, start time. */
const sampleBytesMax = 2 + 9 + 11 + 11;
const firstCellPower = 8;
const firstOutBytes = 1 << 14;

/**
 * Collects chosen series entries of requests of both protocols into one remote write 2.0 request,
 * lossless: exact bits, exemplars, histograms verbatim, metadata, start times. Labels are sorted.
 */
export class RequestEncoder {
  readonly #intake: Intake;
  #generation: number;
  readonly #heap = new Heap();
  readonly #frameAt: number;
  /** The series fields: out[0, #length) at #outAt. */
  #outAt: number;
  #outSize = firstOutBytes;
  #length = 0;
  #buffer: ArrayBuffer;
  #bytes!: Uint8Array<ArrayBuffer>;
  #words!: Int32Array<ArrayBuffer>;
  #frame!: Uint32Array<ArrayBuffer>;
  /** Open addressing from symbol ids to symbol numbers. */
  #mapAt: number;
  #mapPower = firstCellPower;
  #mapCount = 0;
  /** Numbers of texts that no known series has: values of exemplars. */
  readonly #texts = new Map<string, number>();
  readonly #symbols = new ByteWriter(4096);
  #symbolCount = 0;
  readonly #extra = new ByteWriter();
  readonly #part = new ByteWriter();
  #kernel: Kernel = {};
  #linkedMessage: Heap | undefined;
  #linkedTables: Heap | undefined;
  #samples = 0;
  #series = 0;
  #request: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  constructor(intake: Intake) {
    this.#intake = intake;
    this.#generation = intake.generation;
    this.#frameAt = this.#heap.allocate(encoderFrameBytes);
    this.#outAt = this.#heap.allocate(firstOutBytes);
    this.#mapAt = this.#heap.allocate(cellBytes << firstCellPower);
    this.#buffer = this.#heap.buffer;
    this.#refresh();
    this.#begin();
  }

  /** Samples and histograms so far. */
  get sampleCount(): number {
    return this.#samples;
  }

  get seriesCount(): number {
    return this.#series;
  }

  /** Length of the request so far. */
  get byteLength(): number {
    return this.#symbols.length + this.#length;
  }

  /** Adds entry `index` of the result that the Intake gave last: copies, keeps no reference. */
  add(result: IntakeResult, index: number): void {
    const { known, generation } = this.#intake;
    if (generation !== this.#generation) this.#forgetSymbols(generation);
    const c = result.columns;
    const from = c.sampleFrom[index]!;
    const to = c.sampleFrom[index + 1]!;
    const series = result.series[index]!;
    const vector = known.vectors.address(series);
    const vectorEnd = vector + known.vectors.size(series);
    this.#reserve(16 + (vectorEnd - vector) * 2 + (to - from) * sampleBytesMax);
    this.#linkTo(c, known);
    const frame = this.#frame;
    frame[3] = c.times.byteOffset;
    frame[4] = c.values.byteOffset;
    frame[5] = c.startTimes.byteOffset;
    // Tag and one byte of length stand before the entry.
    const start = this.#outAt + this.#length + 2;
    const encode = this.#kernel.encodeEntry!;
    let end = encode(this.#frameAt, vector, vectorEnd, from, to, start);
    if (end === 0) {
      for (const symbol of known.vectors.vector(series)) this.#refOf(known, symbol);
      this.#reserve(16 + (vectorEnd - vector) * 2 + (to - from) * sampleBytesMax);
      const again = this.#outAt + this.#length + 2;
      end = encode(this.#frameAt, vector, vectorEnd, from, to, again) - again + start;
    }
    this.#samples += to - from + c.histogramFrom[index + 1]! - c.histogramFrom[index]!;
    this.#series++;
    this.#close(end - start, this.#writeExtra(c, known, index));
  }

  /** Writes what few entries have into `#extra` and returns its length. */
  #writeExtra(c: WriteColumns, known: KnownSeries, index: number): number {
    const hasMetadata =
      c.protocol === 2 && c.metadataType[index]! + c.helpRef[index]! + c.unitRef[index]! !== 0;
    const histogramFrom = c.histogramFrom[index]!;
    const histogramTo = c.histogramFrom[index + 1]!;
    const exemplarFrom = c.exemplarFrom[index]!;
    const exemplarTo = c.exemplarFrom[index + 1]!;
    if (!hasMetadata && histogramFrom === histogramTo && exemplarFrom === exemplarTo) return 0;
    const extra = this.#extra;
    extra.clear();
    for (let k = histogramFrom; k < histogramTo; k++) this.#writeHistogram(c, k);
    for (let k = exemplarFrom; k < exemplarTo; k++) this.#writeExemplar(c, known, k);
    if (hasMetadata) this.#writeMetadata(c, known, index);
    return extra.length;
  }

  #writeHistogram(c: WriteColumns, index: number): void {
    const part = this.#part;
    part.clear();
    part.raw(c.bytes.subarray(c.histogramStart[index], c.histogramEnd[index]));
    // In rc.3 the start stands at the series, in rc.4 in the message.
    if (c.histogramCreated[index] === 1) {
      writeNumber(part, [0x88, 0x01], c.histogramStartTimes[index]!);
    }
    this.#nest(0x1a);
  }

  #writeExemplar(c: WriteColumns, known: KnownSeries, index: number): void {
    const { labels, valueAt, time } = readExemplar(c, index);
    const refs: number[] = [];
    for (let k = 0; k < labels.length; k += 2) {
      refs.push(this.#refOfRange(c, known, labels[k]!, labels[k + 1]!));
    }
    const packed = new ByteWriter();
    for (const ref of refs) writeVarint(packed, ref);
    const part = this.#part;
    part.clear();
    if (refs.length > 0) {
      part.u8(0x0a);
      writeVarint(part, packed.length);
      part.raw(packed.view());
    }
    if (valueAt >= 0) part.u8(0x11).raw(c.bytes.subarray(valueAt, valueAt + 8));
    writeNumber(part, [0x18], time);
    this.#nest(0x22);
  }

  #writeMetadata(c: WriteColumns, known: KnownSeries, index: number): void {
    // The intake has made help and unit known.
    const symbol = (ref: number): number => this.#refOf(known, c.symbolIds[ref]!);
    const part = this.#part;
    part.clear();
    writeNumber(part, [0x08], c.metadataType[index]!);
    if (c.helpRef[index] !== 0) writeNumber(part, [0x18], symbol(c.helpRef[index]!));
    if (c.unitRef[index] !== 0) writeNumber(part, [0x20], symbol(c.unitRef[index]!));
    this.#nest(0x2a);
  }

  /** Appends `#part` as a field of `#extra`. */
  #nest(tag: number): void {
    this.#extra.u8(tag);
    writeVarint(this.#extra, this.#part.length);
    this.#extra.raw(this.#part.view());
  }

  /** Puts tag and length before the entry of `size` bytes, and `extra` bytes of extra behind. */
  #close(size: number, extra: number): void {
    if (extra > 0) this.#reserve(16 + size + extra);
    if (this.#buffer !== this.#heap.buffer) this.#refresh();
    const bytes = this.#bytes;
    const at = this.#outAt + this.#length;
    const total = size + extra;
    let head = 2;
    for (let rest = total; rest >= 0x80; rest >>>= 7) head++;
    if (head > 2) bytes.copyWithin(at + head, at + 2, at + 2 + size);
    if (extra > 0) bytes.set(this.#extra.view(), at + head + size);
    bytes[at] = 0x2a;
    let rest = total;
    for (let k = 1; k < head; k++) {
      bytes[at + k] = k < head - 1 ? (rest & 0x7f) | 0x80 : rest;
      rest >>>= 7;
    }
    this.#length += head + total;
  }

  /** Number of a known symbol in this request, given on first use. */
  #refOf(known: KnownSeries, symbol: number): number {
    const mask = (1 << this.#mapPower) - 1;
    const base = this.#mapAt >>> 2;
    let cell = Math.imul(symbol + 1, hashFactor) >>> (32 - this.#mapPower);
    while (this.#words[base + 2 * cell] !== 0) {
      if (this.#words[base + 2 * cell] === symbol + 1) return this.#words[base + 2 * cell + 1]!;
      cell = (cell + 1) & mask;
    }
    const ref = this.#addSymbol(known.symbols.bytes(symbol));
    if (this.#mapCount * 2 > mask) this.#growMap();
    this.#mapSymbol(symbol, ref);
    return ref;
  }

  /** Number of bytes[start, end) of the message, which are valid UTF-8. */
  #refOfRange(c: WriteColumns, known: KnownSeries, start: number, end: number): number {
    const hash = known.symbols.hash(c.view, start, end);
    const symbol = known.symbols.lookup(c.view, start, end, hash);
    if (symbol >= 0) return this.#refOf(known, symbol);
    const value = text(c.bytes.subarray(start, end));
    const ref = this.#texts.get(value);
    if (ref !== undefined) return ref;
    const added = this.#addSymbol(utf8(value));
    this.#texts.set(value, added);
    return added;
  }

  #addSymbol(bytes: Uint8Array): number {
    this.#symbols.u8(0x22);
    writeVarint(this.#symbols, bytes.length);
    this.#symbols.raw(bytes);
    return this.#symbolCount++;
  }

  #growMap(): void {
    const old = this.#words.slice(this.#mapAt >>> 2, (this.#mapAt >>> 2) + (2 << this.#mapPower));
    this.#heap.free(this.#mapAt, cellBytes << this.#mapPower);
    this.#mapPower++;
    this.#mapAt = this.#heap.allocate(cellBytes << this.#mapPower);
    this.#refresh();
    this.#clearMap();
    for (let k = 0; k < old.length; k += 2) {
      if (old[k]! > 1) this.#mapSymbol(old[k]! - 1, old[k + 1]!);
    }
  }

  #mapSymbol(symbol: number, ref: number): void {
    const base = this.#mapAt >>> 2;
    const mask = (1 << this.#mapPower) - 1;
    let cell = Math.imul(symbol + 1, hashFactor) >>> (32 - this.#mapPower);
    while (this.#words[base + 2 * cell] !== 0) cell = (cell + 1) & mask;
    this.#words[base + 2 * cell] = symbol + 1;
    this.#words[base + 2 * cell + 1] = ref;
    this.#mapCount++;
  }

  #clearMap(): void {
    const base = this.#mapAt >>> 2;
    this.#words.fill(0, base, base + (2 << this.#mapPower));
    this.#mapCount = 0;
    this.#mapSymbol(0, 0);
    this.#frame[0] = this.#mapAt;
    this.#frame[1] = (1 << this.#mapPower) - 1;
    this.#frame[2] = 32 - this.#mapPower;
  }

  /** Symbol ids have another meaning now; what was written keeps its numbers. */
  #forgetSymbols(generation: number): void {
    this.#generation = generation;
    this.#clearMap();
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#outSize) return;
    const size = Math.max(needed, this.#outSize * 2);
    this.#outAt = this.#heap.enlarge(this.#outAt, this.#outSize, size, this.#length);
    this.#outSize = size;
    this.#refresh();
  }

  #refresh(): void {
    this.#buffer = this.#heap.buffer;
    this.#bytes = new Uint8Array(this.#buffer);
    this.#words = new Int32Array(this.#buffer);
    this.#frame = new Uint32Array(this.#buffer, this.#frameAt, encoderFrameBytes / 4);
  }

  #linkTo(c: WriteColumns, known: KnownSeries): void {
    if (this.#linkedMessage === c.scratch.heap && this.#linkedTables === known.heap) return;
    this.#linkedMessage = c.scratch.heap;
    this.#linkedTables = known.heap;
    this.#kernel = link(entryModule, c.scratch.heap, known.heap, this.#heap);
  }

  #begin(): void {
    this.#length = 0;
    this.#samples = 0;
    this.#series = 0;
    this.#symbols.clear();
    this.#symbolCount = 0;
    this.#texts.clear();
    this.#clearMap();
    this.#addSymbol(new Uint8Array(0));
    this.#texts.set('', 0);
  }

  /**
   * The request, not compressed; the encoder is empty afterwards. The bytes are its own and valid
   * until the next `finish`: large garbage per request makes V8 collect all the time.
   */
  finish(): Uint8Array<ArrayBuffer> {
    const { byteLength } = this;
    if (this.#request.length < byteLength) {
      this.#request = new Uint8Array(byteLength + (byteLength >>> 2));
    }
    const request = this.#request.subarray(0, byteLength);
    request.set(this.#symbols.view());
    request.set(
      this.#bytes.subarray(this.#outAt, this.#outAt + this.#length),
      this.#symbols.length,
    );
    this.#begin();
    return request;
  }
}

/** Leaves out a zero, as proto3 does. */
function writeNumber(out: ByteWriter, tag: readonly number[], value: number): void {
  if (value === 0) return;
  for (const byte of tag) out.u8(byte);
  writeVarint(out, value);
}
