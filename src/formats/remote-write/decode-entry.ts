import { metricTypes, type WriteColumns } from './columns.ts';
import type { WriteLimits } from './limits.ts';
import { staleHigh, staleLow } from './stale.ts';
import { overLimit, type Wire } from './wire.ts';

/** What the entries of both protocols share. `w` stands behind the length of the message. */

/**
 * A sample message bytes[w.at, end): 1 value double, 2 timestamp int64, 3 start timestamp int64
 * (protocol 2 only).
 */
export function readSample(w: Wire, end: number, c: WriteColumns, limits: WriteLimits): void {
  const index = c.sampleCount;
  if (index + c.histogramCount >= limits.samplesMax) {
    throw overLimit('samplesMax', limits.samplesMax);
  }
  if (index >= c.times.length) c.growSamples();
  const { bytes, view } = w;
  const words = c.valueWords;
  const at = w.at;
  let time = 0;
  let start = 0;
  let low = 0;
  let high = 0;
  // What every sender writes: the value, then a time of six bytes.
  if (end - at === 16 && bytes[at] === 0x09 && bytes[at + 9] === 0x10 && bytes[at + 15]! < 0x80) {
    low = view.getUint32(at + 1, true);
    high = view.getUint32(at + 5, true);
    const first = view.getUint32(at + 10, true);
    const last = bytes[at + 14]!;
    if ((first & 0x80808080) === (0x80808080 | 0) && last >= 0x80) {
      time =
        ((first & 0x7f) |
          ((first >>> 1) & 0x3f80) |
          ((first >>> 2) & 0x1fc000) |
          ((first >>> 3) & 0xfe00000)) +
        ((last & 0x7f) | (bytes[at + 15]! << 7)) * 0x1000_0000;
      w.at = end;
    }
  }
  while (w.at < end) {
    const tag = w.tag(end);
    if (tag === 0x09) {
      const value = w.fixed64(end);
      low = view.getUint32(value, true);
      high = view.getUint32(value + 4, true);
    } else if (tag === 0x10) time = w.int64(end);
    else if (tag === 0x18 && c.protocol === 2) start = w.int64(end);
    else w.skip(tag, end);
  }
  words[2 * index] = low;
  words[2 * index + 1] = high;
  c.times[index] = time;
  c.startTimes[index] = start;
  c.sampleCount = index + 1;
}

/** Time, start time and stale flag of a histogram message; the rest stays bytes. */
export function readHistogram(w: Wire, end: number, c: WriteColumns, limits: WriteLimits): void {
  const index = c.histogramCount;
  if (index + c.sampleCount >= limits.samplesMax) throw overLimit('samplesMax', limits.samplesMax);
  if (index >= c.histogramTimes.length) c.growHistograms();
  c.histogramStart[index] = w.at;
  c.histogramEnd[index] = end;
  let time = 0;
  let start = 0;
  let stale = 0;
  while (w.at < end) {
    const tag = w.tag(end);
    if (tag === 0x78) time = w.int64(end);
    else if (tag === 0x88 && c.protocol === 2) start = w.int64(end);
    else if (tag === 0x19) {
      const sum = w.fixed64(end);
      const high = w.view.getUint32(sum + 4, true);
      stale = high === staleHigh && w.view.getUint32(sum, true) === staleLow ? 1 : 0;
    } else w.skip(tag, end);
  }
  c.histogramTimes[index] = time;
  c.histogramStartTimes[index] = start;
  c.histogramStale[index] = stale;
  c.histogramCreated[index] = 0;
  c.histogramCount = index + 1;
}

/** The range of an exemplar message; its fields are checked where they are used. */
export function readExemplar(w: Wire, end: number, c: WriteColumns, limits: WriteLimits): void {
  const index = c.exemplarCount;
  if (index >= limits.exemplarsMax) throw overLimit('exemplarsMax', limits.exemplarsMax);
  if (index >= c.exemplarStart.length) c.growExemplars();
  c.exemplarStart[index] = w.at;
  c.exemplarEnd[index] = end;
  while (w.at < end) w.skip(w.tag(end), end);
  c.exemplarCount = index + 1;
}

/** Opens the next entry and returns its index; `closeEntry` ends it. */
export function openEntry(c: WriteColumns, limits: WriteLimits): number {
  const index = c.seriesCount;
  if (index >= limits.seriesMax) throw overLimit('seriesMax', limits.seriesMax);
  if (index + 1 >= c.labelStart.length) c.growSeries();
  c.sampleFrom[index] = c.sampleCount;
  c.histogramFrom[index] = c.histogramCount;
  c.exemplarFrom[index] = c.exemplarCount;
  return index;
}

export function closeEntry(c: WriteColumns, index: number): void {
  c.seriesCount = index + 1;
  c.sampleFrom[index + 1] = c.sampleCount;
  c.histogramFrom[index + 1] = c.histogramCount;
  c.exemplarFrom[index + 1] = c.exemplarCount;
}

/** A type that this version does not know counts as unknown (0). */
export function metricType(wire: number): number {
  return wire < metricTypes.length ? wire : 0;
}
