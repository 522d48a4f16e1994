import { staleHigh, staleLow } from '../../../formats/remote-write/stale.ts';
import { ProtoWriter, varintLength } from './bytes.ts';

/** What is encoded of a native histogram with whole counts. */
export interface HistogramState {
  readonly count: number;
  readonly sum: number;
  readonly counts: Float64Array;
  readonly firstIndex: number;
  readonly metric: { readonly schema: number; readonly customBounds: readonly number[] };
}

const writer = new ProtoWriter();
const packed = new ProtoWriter();
/** Gaps up to this are filled with empty buckets rather than a new span, as Go's client does. */
const gapMax = 2;

/** The Histogram message, the same in both protocols (remote-write reference, 1.3). */
export function histogramMessage(state: HistogramState, timeMs: number): Uint8Array {
  const { count, sum, metric } = state;
  writer.clear().byte(0x08).varint(count);
  writer.byte(0x19).double(sum);
  writer.byte(0x20).zigzag(metric.schema);
  if (metric.schema !== -53) {
    writer.byte(0x29).double(2 ** -128);
    writer.byte(0x30).varint(0);
  }
  buckets(state);
  writer.byte(0x78).varint(timeMs);
  if (metric.customBounds.length > 0) {
    packed.clear();
    for (const bound of metric.customBounds) packed.double(bound);
    writer.byte(0x82).byte(0x01).varint(packed.length).raw(packed.written);
  }
  return writer.take();
}

/** A stale marker: an empty histogram whose sum is the stale NaN. */
export function staleHistogram(timeMs: number): Uint8Array {
  writer.clear().byte(0x08).varint(0).byte(0x19).words(staleLow, staleHigh);
  return writer.byte(0x78).varint(timeMs).take();
}

/** Spans of buckets (field 11), then their counts as differences (field 12). */
function buckets({ counts, firstIndex, metric }: HistogramState): void {
  const base = metric.schema === -53 ? 0 : firstIndex;
  packed.clear();
  let before = 0;
  let end = 0;
  for (let from = nextFilled(counts, 0); from < counts.length; ) {
    let to = from + 1;
    for (let next = nextFilled(counts, to); next < counts.length && next - to <= gapMax; ) {
      to = next + 1;
      next = nextFilled(counts, to);
    }
    const offset = end === 0 ? base + from : from - end;
    const zigzagged = offset < 0 ? -2 * offset - 1 : 2 * offset;
    writer.byte(0x5a).varint(2 + varintLength(zigzagged) + varintLength(to - from));
    writer
      .byte(0x08)
      .varint(zigzagged)
      .byte(0x10)
      .varint(to - from);
    for (let i = from; i < to; i++) {
      packed.zigzag(counts[i]! - before);
      before = counts[i]!;
    }
    end = to;
    from = nextFilled(counts, to);
  }
  if (packed.length > 0) writer.byte(0x62).varint(packed.length).raw(packed.written);
}

function nextFilled(counts: Float64Array, from: number): number {
  let at = from;
  while (at < counts.length && counts[at] === 0) at++;
  return at;
}
