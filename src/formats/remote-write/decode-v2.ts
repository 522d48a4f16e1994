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
 * Reads a decompressed `io.prometheus.write.v2.Request` (remote write 2.0, rc.3 and rc.4) into
 * columns that point into `bytes`. Errors: `body_malformed` with offset and reason,
 * `limit_exceeded` naming the limit. Symbol numbers are not yet checked here.
 *
 *     Request     4 symbols[] string   5 timeseries[]
 *     TimeSeries  1 labels_refs[] uint32   2 samples[]   3 histograms[]   4 exemplars[]
 *                 5 metadata   6 created timestamp int64 (rc.3)
 *     Metadata    1 type   3 help_ref   4 unit_ref
 */
export function decodeV2(bytes: Uint8Array, limits: WriteLimits, into: WriteColumns): void {
  const c = into;
  c.begin(2, bytes);
  const end = bytes.length;
  const w = c.wire;
  const { samplesMax, seriesMax, symbolsMax } = limits;
  for (;;) {
    w.at = c.walk(w.at, samplesMax, seriesMax, symbolsMax);
    if (w.at >= end) break;
    const tag = w.tag(end);
    if (tag === 0x2a) {
      const size = w.size(end);
      readSeries(w, w.at + size, c, limits);
    } else if (tag === 0x22) {
      readSymbol(w, end, c, limits);
    } else {
      w.skip(tag, end);
    }
  }
  if (c.symbolCount > 0 && c.symbolStart[0] !== c.symbolEnd[0]) {
    w.fail('symbol 0 is not the empty string', c.symbolStart[0]);
  }
}

function readSymbol(w: Wire, end: number, c: WriteColumns, limits: WriteLimits): void {
  const size = w.size(end);
  const index = c.symbolCount;
  if (index >= limits.symbolsMax) throw overLimit('symbolsMax', limits.symbolsMax);
  if (index >= c.symbolStart.length) c.growSymbols();
  c.symbolStart[index] = w.at;
  c.symbolEnd[index] = w.at + size;
  c.symbolCount = index + 1;
  w.at += size;
}

function readSeries(w: Wire, end: number, c: WriteColumns, limits: WriteLimits): void {
  const index = openEntry(c, limits);
  let created = 0;
  c.labelStart[index] = c.refCount;
  c.metadataType[index] = 0;
  c.helpRef[index] = 0;
  c.unitRef[index] = 0;
  while (w.at < end) {
    const tag = w.tag(end);
    if (tag === 0x0a) readRefs(w, end, c);
    else if (tag === 0x12) {
      const size = w.size(end);
      readSample(w, w.at + size, c, limits);
    } else if (tag === 0x1a) {
      const size = w.size(end);
      readHistogram(w, w.at + size, c, limits);
    } else if (tag === 0x22) {
      const size = w.size(end);
      readExemplar(w, w.at + size, c, limits);
    } else if (tag === 0x2a) {
      const size = w.size(end);
      readMetadata(w, w.at + size, c, index);
    } else if (tag === 0x30) created = w.int64(end);
    else if (tag === 0x08) {
      pushRef(c, w.uint32(end));
    } else w.skip(tag, end);
  }
  c.labelEnd[index] = c.refCount;
  closeEntry(c, index);
  if (created !== 0) spreadCreated(c, index, created);
}

/** Packed symbol numbers. */
function readRefs(w: Wire, messageEnd: number, c: WriteColumns): void {
  const size = w.size(messageEnd);
  const end = w.at + size;
  while (w.at < end) pushRef(c, w.uint32(end));
}

function pushRef(c: WriteColumns, ref: number): void {
  if (c.refCount >= c.refs.length) c.growRefs();
  c.refs[c.refCount++] = ref;
}

function readMetadata(w: Wire, end: number, c: WriteColumns, index: number): void {
  while (w.at < end) {
    const tag = w.tag(end);
    if (tag === 0x08) c.metadataType[index] = metricType(w.uint32(end));
    else if (tag === 0x18) c.helpRef[index] = w.uint32(end);
    else if (tag === 0x20) c.unitRef[index] = w.uint32(end);
    else w.skip(tag, end);
  }
}

/** rc.3 told the start once per series; rc.4 tells it with each sample. */
function spreadCreated(c: WriteColumns, index: number, created: number): void {
  for (let k = c.sampleFrom[index]!; k < c.sampleCount; k++) {
    if (c.startTimes[k] === 0) c.startTimes[k] = created;
  }
  for (let k = c.histogramFrom[index]!; k < c.histogramCount; k++) {
    if (c.histogramStartTimes[k] !== 0) continue;
    c.histogramStartTimes[k] = created;
    c.histogramCreated[k] = 1;
  }
}
