import type { WriteColumns } from './columns.ts';
import {
  closeEntry,
  metricType,
  openEntry,
  readExemplar,
  readHistogram,
  readSample,
} from './decode-entry.ts';
import type { WriteLimits } from './limits.ts';
import { overLimit, Wire } from './wire.ts';

/**
 * Reads a decompressed `prometheus.WriteRequest` (remote write 1.0) into columns that point into
 * `bytes`. Errors: `body_malformed` with offset and reason, `limit_exceeded` naming the limit.
 * The inside of labels is not yet checked here.
 *
 *     WriteRequest    1 timeseries[]   3 metadata[]
 *     TimeSeries      1 labels[]   2 samples[]   3 exemplars[]   4 histograms[]
 *     MetricMetadata  1 type   2 metric_family_name   4 help   5 unit
 */
export function decodeV1(bytes: Uint8Array, limits: WriteLimits, into: WriteColumns): void {
  const c = into;
  c.begin(1, bytes);
  const end = bytes.length;
  const w = new Wire(c.bytes, c.view);
  const gathered = new LabelGatherer(c.bytes);
  while (w.at < end) {
    const tag = w.tag(end);
    if (tag === 0x0a) {
      const size = w.size(end);
      readSeries(w, w.at + size, c, limits, gathered);
    } else if (tag === 0x1a) {
      const size = w.size(end);
      readMetadata(w, w.at + size, c, limits);
    } else {
      w.skip(tag, end);
    }
  }
  gathered.finish(c);
}

function readSeries(
  w: Wire,
  end: number,
  c: WriteColumns,
  limits: WriteLimits,
  gathered: LabelGatherer,
): void {
  const index = openEntry(c, limits);
  const { bytes } = w;
  // Labels follow each other at the head, as every sender writes them.
  c.labelStart[index] = w.at;
  let at = w.at;
  while (end - at >= 2 && bytes[at] === 0x0a) {
    const size = bytes[at + 1]!;
    if (size >= 0x80) {
      w.at = at + 1;
      const long = w.size(end);
      at = w.at + long;
    } else {
      if (size > end - at - 2) w.fail('a label reaches past its series', at);
      at += 2 + size;
    }
  }
  c.labelEnd[index] = at;
  w.at = at;
  while (w.at < end) {
    const fieldAt = w.at;
    const tag = w.tag(end);
    if (tag === 0x12) {
      const size = w.size(end);
      readSample(w, w.at + size, c, limits);
    } else if (tag === 0x0a) {
      w.at += w.size(end);
      gathered.add(c, index, fieldAt, w.at);
    } else if (tag === 0x1a) {
      const size = w.size(end);
      readExemplar(w, w.at + size, c, limits);
    } else if (tag === 0x22) {
      const size = w.size(end);
      readHistogram(w, w.at + size, c, limits);
    } else w.skip(tag, end);
  }
  closeEntry(c, index);
}

function readMetadata(w: Wire, end: number, c: WriteColumns, limits: WriteLimits): void {
  const index = c.metadataCount;
  if (index >= limits.seriesMax) throw overLimit('seriesMax', limits.seriesMax);
  if (index >= c.familyType.length) c.growMetadata();
  c.familyType[index] = 0;
  for (const array of [
    c.familyStart,
    c.familyEnd,
    c.familyHelpStart,
    c.familyHelpEnd,
    c.familyUnitStart,
    c.familyUnitEnd,
  ]) {
    array[index] = 0;
  }
  while (w.at < end) {
    const tag = w.tag(end);
    if (tag === 0x08) c.familyType[index] = metricType(w.uint32(end));
    else if (tag === 0x12) readRange(w, end, c.familyStart, c.familyEnd, index);
    else if (tag === 0x22) readRange(w, end, c.familyHelpStart, c.familyHelpEnd, index);
    else if (tag === 0x2a) readRange(w, end, c.familyUnitStart, c.familyUnitEnd, index);
    else w.skip(tag, end);
  }
  c.metadataCount = index + 1;
}

function readRange(w: Wire, end: number, starts: Uint32Array, ends: Uint32Array, index: number) {
  const size = w.size(end);
  starts[index] = w.at;
  w.at += size;
  ends[index] = w.at;
}

/**
 * Fields may legally be interleaved: then the labels of a series are brought together behind a
 * copy of the message. Each label moves at most once, so twice its length is always enough.
 */
class LabelGatherer {
  readonly #source: Uint8Array;
  #copy: Uint8Array<ArrayBuffer> | undefined;
  #length = 0;

  constructor(source: Uint8Array) {
    this.#source = source;
  }

  add(c: WriteColumns, index: number, start: number, end: number): void {
    const source = this.#source;
    if (c.labelStart[index] === c.labelEnd[index]) {
      c.labelStart[index] = start;
      c.labelEnd[index] = end;
      return;
    }
    if (c.labelEnd[index] === start) {
      c.labelEnd[index] = end;
      return;
    }
    this.#copy ??= this.#begin(source);
    if (c.labelEnd[index]! <= source.length) {
      const from = c.labelStart[index]!;
      const to = c.labelEnd[index]!;
      this.#copy.copyWithin(this.#length, from, to);
      c.labelStart[index] = this.#length;
      this.#length += to - from;
    }
    this.#copy.set(source.subarray(start, end), this.#length);
    this.#length += end - start;
    c.labelEnd[index] = this.#length;
  }

  finish(c: WriteColumns): void {
    if (!this.#copy) return;
    c.bytes = this.#copy.subarray(0, this.#length);
    c.view = new DataView(this.#copy.buffer, 0, this.#length);
  }

  #begin(source: Uint8Array): Uint8Array<ArrayBuffer> {
    const copy = new Uint8Array(source.length * 2);
    copy.set(source);
    this.#length = source.length;
    return copy;
  }
}
