import { Wire } from './wire.ts';

/** A native histogram. Counts of integer histograms are absolute here, not deltas. */
export interface NativeHistogram {
  /** ms */
  readonly time: number;
  /** ms; 0 where unset. */
  readonly startTime: number;
  readonly count: number;
  readonly sum: number;
  /** -4..8 exponential, -53 custom bounds. */
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly positive: NativeBuckets;
  readonly negative: NativeBuckets;
  /** Upper bounds of a histogram of schema -53. */
  readonly customBounds: readonly number[];
  /** 0 unknown, 1 yes, 2 no, 3 gauge. */
  readonly resetHint: number;
  /** Whether counts are floats on the wire. */
  readonly isFloat: boolean;
}

/** Buckets of one sign: index and count of each, ascending by index. */
export interface NativeBuckets {
  readonly indexes: readonly number[];
  readonly counts: readonly number[];
}

export const customSchema = -53;
/** More than any histogram needs; so a liar cannot make us build huge lists. */
const messageBytesMax = 1 << 18;

/** The fields of the message as they stand on the wire. */
interface RawHistogram {
  time: number;
  startTime: number;
  count: number;
  sum: number;
  schema: number;
  zeroThreshold: number;
  zeroCount: number;
  resetHint: number;
  isFloat: boolean;
  negative: Side;
  positive: Side;
  customBounds: number[];
}

interface Side {
  /** Offset and length in turn. */
  readonly spans: number[];
  /** Differences of integer counts, or float counts. */
  readonly deltas: number[];
  readonly floats: number[];
}

/**
 * Reads the histogram message bytes[start, end) of either protocol. Errors: `body_malformed`.
 *
 *     1 count_int  2 count_float  3 sum  4 schema  5 zero_threshold  6 zero_count_int
 *     7 zero_count_float  8 negative_spans[]  9 negative_deltas[]  10 negative_counts[]
 *     11 positive_spans[]  12 positive_deltas[]  13 positive_counts[]  14 reset_hint
 *     15 timestamp  16 custom_values[]  17 start_timestamp; BucketSpan: 1 offset  2 length
 */
export function readNativeHistogram(
  bytes: Uint8Array,
  start: number,
  end: number,
): NativeHistogram {
  const raw = readRaw(bytes, start, end);
  return {
    time: raw.time,
    startTime: raw.startTime,
    count: raw.count,
    sum: raw.sum,
    schema: raw.schema,
    zeroThreshold: raw.zeroThreshold,
    zeroCount: raw.zeroCount,
    positive: buckets(raw.positive, countsOf(raw, raw.positive)),
    negative: buckets(raw.negative, countsOf(raw, raw.negative)),
    customBounds: raw.customBounds,
    resetHint: raw.resetHint,
    isFloat: raw.isFloat,
  };
}

/**
 * Whether counts and spans of the histogram message bytes[start, end) agree, as Prometheus asks
 * (model/histogram): in an integer histogram the buckets add up to the count, or to no more than
 * it when the sum is NaN.
 */
export function histogramAgrees(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > messageBytesMax) return false;
  const raw = readRaw(bytes, start, end);
  const { positive, negative, schema } = raw;
  const positiveCounts = countsOf(raw, positive);
  const negativeCounts = countsOf(raw, negative);
  if (!spansAgree(positive.spans, positiveCounts.length, schema)) return false;
  if (!spansAgree(negative.spans, negativeCounts.length, schema)) return false;
  if (positiveCounts.some((n) => n < 0) || negativeCounts.some((n) => n < 0)) return false;
  if (raw.zeroCount < 0 || raw.count < 0) return false;
  if (schema === customSchema && !customAgrees(raw, positiveCounts.length)) return false;
  if (raw.isFloat) return true;
  const sum = [...positiveCounts, ...negativeCounts].reduce((a, b) => a + b, raw.zeroCount);
  if (!Number.isSafeInteger(sum) || !Number.isSafeInteger(raw.count)) return true;
  return Number.isNaN(raw.sum) ? sum <= raw.count : sum === raw.count;
}

function spansAgree(spans: readonly number[], buckets: number, schema: number): boolean {
  let total = 0;
  for (let k = 0; k < spans.length; k += 2) {
    if (spans[k]! < 0 && (k > 0 || schema === customSchema)) return false;
    total += spans[k + 1]!;
  }
  return total === buckets;
}

function customAgrees(raw: RawHistogram, buckets: number): boolean {
  const { customBounds, zeroCount, zeroThreshold, negative } = raw;
  if (zeroCount !== 0 || zeroThreshold !== 0 || negative.spans.length > 0) return false;
  if (negative.deltas.length > 0 || negative.floats.length > 0) return false;
  for (let k = 0; k < customBounds.length; k++) {
    if (Number.isNaN(customBounds[k]) || (k > 0 && customBounds[k]! <= customBounds[k - 1]!)) {
      return false;
    }
  }
  let last = 0;
  for (const length of raw.positive.spans) last += length;
  return buckets === 0 || last <= customBounds.length + 1;
}

/** Absolute counts, in place of the differences: to be called once. */
function countsOf(raw: RawHistogram, side: Side): number[] {
  if (raw.isFloat) return side.floats;
  const counts = side.deltas;
  for (let k = 1; k < counts.length; k++) counts[k]! += counts[k - 1]!;
  return counts;
}

function buckets({ spans }: Side, counts: number[]): NativeBuckets {
  const indexes: number[] = [];
  let index = 0;
  for (let k = 0; k < spans.length && indexes.length < counts.length; k += 2) {
    index += spans[k]!;
    for (let left = spans[k + 1]!; left > 0 && indexes.length < counts.length; left--) {
      indexes.push(index++);
    }
  }
  counts.length = indexes.length;
  return { indexes, counts };
}

function readRaw(bytes: Uint8Array, start: number, end: number): RawHistogram {
  const w = new Wire(bytes);
  w.at = start;
  const raw: RawHistogram = {
    time: 0,
    startTime: 0,
    count: 0,
    sum: 0,
    schema: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    resetHint: 0,
    isFloat: false,
    negative: { spans: [], deltas: [], floats: [] },
    positive: { spans: [], deltas: [], floats: [] },
    customBounds: [],
  };
  while (w.at < end) {
    const tag = w.tag(end);
    const { negative, positive } = raw;
    if (tag === 0x40 + 2) readSpan(w, end, negative.spans);
    else if (tag === 0x58 + 2) readSpan(w, end, positive.spans);
    else if (tag >>> 3 === 9) readNumbers(w, tag, end, 0, negative.deltas, zigzag64);
    else if (tag >>> 3 === 12) readNumbers(w, tag, end, 0, positive.deltas, zigzag64);
    else if (tag >>> 3 === 10) readNumbers(w, tag, end, 1, negative.floats, double);
    else if (tag >>> 3 === 13) readNumbers(w, tag, end, 1, positive.floats, double);
    else if (tag >>> 3 === 16) readNumbers(w, tag, end, 1, raw.customBounds, double);
    else readScalar(w, tag, end, raw);
  }
  return raw;
}

function readScalar(w: Wire, tag: number, end: number, raw: RawHistogram): void {
  if (tag === 0x08) {
    raw.count = unsigned(w, end);
    raw.isFloat = false;
  } else if (tag === 0x11) {
    raw.count = double(w, end);
    raw.isFloat = true;
  } else if (tag === 0x19) raw.sum = double(w, end);
  else if (tag === 0x20) raw.schema = zigzag32(w, end);
  else if (tag === 0x29) raw.zeroThreshold = double(w, end);
  else if (tag === 0x30) raw.zeroCount = unsigned(w, end);
  else if (tag === 0x39) raw.zeroCount = double(w, end);
  else if (tag === 0x70) raw.resetHint = w.uint32(end);
  else if (tag === 0x78) raw.time = w.int64(end);
  else if (tag === 0x88) raw.startTime = w.int64(end);
  else w.skip(tag, end);
}

function readSpan(w: Wire, messageEnd: number, spans: number[]): void {
  const size = w.size(messageEnd);
  const end = w.at + size;
  let offset = 0;
  let length = 0;
  while (w.at < end) {
    const tag = w.tag(end);
    if (tag === 0x08) offset = zigzag32(w, end);
    else if (tag === 0x10) length = w.uint32(end);
    else w.skip(tag, end);
  }
  spans.push(offset, length);
}

/** A repeated number, packed or not; `type` is the wire type of one. */
function readNumbers(
  w: Wire,
  tag: number,
  end: number,
  type: number,
  into: number[],
  read: (w: Wire, end: number) => number,
): void {
  if ((tag & 7) === 2) {
    const size = w.size(end);
    const stop = w.at + size;
    while (w.at < stop) into.push(read(w, stop));
  } else if ((tag & 7) === type) into.push(read(w, end));
  else w.skip(tag, end);
}

function double(w: Wire, end: number): number {
  return w.view.getFloat64(w.fixed64(end), true);
}

function unsigned(w: Wire, end: number): number {
  const value = w.int64(end);
  return value < 0 ? value + 2 ** 64 : value;
}

function zigzag32(w: Wire, end: number): number {
  const value = w.uint32(end);
  return (value >>> 1) ^ -(value & 1);
}

function zigzag64(w: Wire, end: number): number {
  const value = unsigned(w, end);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
