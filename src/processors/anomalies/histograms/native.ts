import type { ByteReader, ByteWriter } from '../../../core/bytes.ts';
import type { Moved } from '../../../engine/moved.ts';
import {
  type NativeHistogram,
  readNativeHistogram,
} from '../../../formats/remote-write/histogram.ts';
import { type Buckets, bucketsMax, emptyBuckets } from './quantile.ts';

const customBounds = -53;
const resetSaid = 1;
const gaugeSaid = 3;

/** What two samples of a native histogram say. */
export interface Observed {
  /** Observations so far, as a counter has them; NaN of a gauge histogram. */
  readonly count: number;
  /** Observations between the two, or of the one when it is a gauge; undefined without an older. */
  readonly buckets: Buckets | undefined;
}

/**
 * Native histograms: the observations between two samples. The newest one of each series is kept
 * as the bytes that came. Counts that fall, another layout or the sender's word are a reset.
 */
export class NativeHistograms {
  /** By series slot: the newest message. */
  readonly #newest = new Map<number, Uint8Array>();
  readonly #observed = emptyBuckets();

  sample(slot: number, message: Uint8Array): Observed {
    const older = this.#newest.get(slot);
    this.#newest.set(slot, message.slice());
    const now = readNativeHistogram(message, 0, message.length);
    if (now.resetHint === gaugeSaid) {
      return { count: Number.NaN, buckets: this.#between(now, undefined) };
    }
    if (!older) return { count: now.count, buckets: undefined };
    const before = readNativeHistogram(older, 0, older.length);
    return {
      count: now.count,
      buckets: this.#between(now, isReset(now, before) ? undefined : before),
    };
  }

  /** The series ended, or its slot is given back. */
  remove(slot: number): void {
    this.#newest.delete(slot);
  }

  #between(now: NativeHistogram, before: NativeHistogram | undefined): Buckets {
    const b = this.#observed;
    b.length = 0;
    b.exponential = now.schema !== customBounds;
    const was = (side: 'positive' | 'negative') => new Map(before?.[side]);
    const negative = was('negative');
    for (const [index, count] of [...now.negative].reverse()) {
      const [lower, upper] = [boundOf(now, index - 1), boundOf(now, index)];
      push(b, -upper, -lower, count - (negative.get(index) ?? 0));
    }
    const zero = now.zeroCount - (before?.zeroCount ?? 0);
    const least = now.negative.length > 0 ? -now.zeroThreshold : 0;
    if (zero > 0) push(b, least, now.zeroThreshold, zero);
    const positive = was('positive');
    for (const [index, count] of now.positive) {
      const [lower, upper] = [boundOf(now, index - 1), boundOf(now, index)];
      push(b, lower, upper, count - (positive.get(index) ?? 0));
    }
    return b;
  }

  save(out: ByteWriter): void {
    out.u32(this.#newest.size);
    for (const slot of [...this.#newest.keys()].sort((a, b) => a - b)) {
      out.u32(slot).bytes(this.#newest.get(slot)!);
    }
  }

  load(input: ByteReader): void {
    this.#newest.clear();
    for (let left = input.u32(); left > 0; left--) {
      const slot = input.u32();
      this.#newest.set(slot, input.bytes().slice());
    }
  }

  absorb(from: NativeHistograms, { slots }: Moved): void {
    for (const [old, message] of from.#newest) {
      if (slots[old]! >= 0) this.#newest.set(slots[old]!, message);
    }
  }
}

function push(b: Buckets, lower: number, upper: number, count: number): void {
  if (b.length === bucketsMax || !(count > 0)) return;
  b.lower[b.length] = lower;
  b.upper[b.length] = upper;
  b.counts[b.length] = count;
  b.length++;
}

/** Upper bound of a bucket: 2^(index / 2^schema), or a bound of its own. */
function boundOf({ schema, customBounds: own }: NativeHistogram, index: number): number {
  if (schema !== customBounds) return 2 ** (index * 2 ** -schema);
  if (index < 0) return own[0]! > 0 ? 0 : Number.NEGATIVE_INFINITY;
  return index < own.length ? own[index]! : Number.POSITIVE_INFINITY;
}

function isReset(now: NativeHistogram, before: NativeHistogram): boolean {
  if (now.resetHint === resetSaid || now.count < before.count) return true;
  if (now.schema !== before.schema || now.zeroThreshold !== before.zeroThreshold) return true;
  if (now.zeroCount < before.zeroCount) return true;
  if (now.customBounds.join() !== before.customBounds.join()) return true;
  return fell(now.positive, before.positive) || fell(now.negative, before.negative);
}

type Side = NativeHistogram['positive'];

function fell(now: Side, before: Side): boolean {
  const counts = new Map(now);
  return before.some(([index, count]) => (counts.get(index) ?? 0) < count);
}
