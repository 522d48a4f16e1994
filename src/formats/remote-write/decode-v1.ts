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
import { overLimit, type Wire } from './wire.ts';

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
  const w = c.wire;
  const gathered = new LabelGatherer();
  const { samplesMax, seriesMax } = limits;
  for (;;) {
    w.at = c.walk(w.at, samplesMax, seriesMax, 0);
    if (w.at >= end) break;
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
      const size = w.size(end);
      w.at += size;
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
  if (index >= c.familyTypes.length) c.growMetadata();
  c.familyTypes[index] = 0;
  c.familyRanges.fill(0, index * 6, index * 6 + 6);
  while (w.at < end) {
    const tag = w.tag(end);
    if (tag === 0x08) c.familyTypes[index] = metricType(w.uint32(end));
    else if (tag === 0x12) readRange(w, end, c.familyRanges, index * 6);
    else if (tag === 0x22) readRange(w, end, c.familyRanges, index * 6 + 2);
    else if (tag === 0x2a) readRange(w, end, c.familyRanges, index * 6 + 4);
    else w.skip(tag, end);
  }
  c.metadataCount = index + 1;
}

function readRange(w: Wire, end: number, ranges: Uint32Array, at: number): void {
  const size = w.size(end);
  ranges[at] = w.at;
  w.at += size;
  ranges[at + 1] = w.at;
}

/**
 * Fields may legally be interleaved: then the labels of a series are brought together behind a
 * copy of the message. Each label moves at most once, so twice its length is always enough.
 */
class LabelGatherer {
  #copy: Uint8Array<ArrayBuffer> | undefined;
  #sourceLength = 0;
  #length = 0;

  add(c: WriteColumns, index: number, start: number, end: number): void {
    if (c.labelStart[index] === c.labelEnd[index]) {
      c.labelStart[index] = start;
      c.labelEnd[index] = end;
      return;
    }
    if (c.labelEnd[index] === start) {
      c.labelEnd[index] = end;
      return;
    }
    this.#copy ??= this.#begin(c.bytes);
    if (c.labelEnd[index]! <= this.#sourceLength) {
      const from = c.labelStart[index]!;
      const to = c.labelEnd[index]!;
      this.#copy.copyWithin(this.#length, from, to);
      c.labelStart[index] = this.#length;
      this.#length += to - from;
    }
    this.#copy.copyWithin(this.#length, start, end);
    this.#length += end - start;
    c.labelEnd[index] = this.#length;
  }

  finish(c: WriteColumns): void {
    if (this.#copy) c.place(this.#copy.subarray(0, this.#length));
  }

  #begin(source: Uint8Array): Uint8Array<ArrayBuffer> {
    const copy = new Uint8Array(source.length * 2);
    copy.set(source);
    this.#sourceLength = source.length;
    this.#length = source.length;
    return copy;
  }
}
