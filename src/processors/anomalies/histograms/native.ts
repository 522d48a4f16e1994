import type { ByteReader, ByteWriter } from '../../../core/bytes.ts';
import { SeastateError } from '../../../core/errors.ts';
import type { Moved } from '../../../engine/moved.ts';
import {
  customSchema,
  type NativeBuckets,
  type NativeHistogram,
  readNativeHistogram,
} from '../../../formats/remote-write/histogram.ts';
import { type Buckets, emptyBuckets, leastObservations, pushBucket } from './quantile.ts';

const resetSaid = 1;
const gaugeSaid = 3;

/** What the newest sample of a native histogram says. Valid until the next call. */
export interface Observed {
  /** Observations so far as a counter has them; of a gauge histogram those of this sample. */
  readonly count: number;
  readonly isGauge: boolean;
  /** Whether its bounds are others than before: quantiles cannot be compared. */
  readonly isOther: boolean;
  /** Observations since the one before, or of the one when it is a gauge; undefined when unknown. */
  readonly buckets: Buckets | undefined;
}

/**
 * Native histograms: the observations between two samples. The newest one of each series is kept
 * as the bytes that came. Counts that fall or the sender's word are a reset; a coarser resolution
 * or a wider zero bucket is not.
 */
export class NativeHistograms {
  /** By series slot: the newest message. */
  readonly #newest = new Map<number, Uint8Array>();
  readonly #buckets = emptyBuckets();

  has(slot: number): boolean {
    return this.#newest.has(slot);
  }

  /** Slots of the series that are native histograms now. */
  slots(): Iterable<number> {
    return this.#newest.keys();
  }

  /** Undefined when the message cannot be read: it is not taken. */
  sample(slot: number, message: Uint8Array): Observed | undefined {
    const now = readable(message);
    if (!now) return undefined;
    const older = this.#newest.get(slot);
    const before = older ? readNativeHistogram(older, 0, older.length) : undefined;
    this.#newest.set(slot, message.slice());
    const isGauge = now.resetHint === gaugeSaid;
    const isOther = before !== undefined && !equal(now.customBounds, before.customBounds);
    const since = isGauge ? undefined : comparable(now, before);
    const isWhole = isGauge || (before !== undefined && since === undefined);
    const isKnown = isWhole ? isGauge || !isOther || fellCount(now, before!) : since !== undefined;
    return {
      count: now.count,
      isGauge,
      isOther,
      buckets: isKnown ? this.#between(now, since) : undefined,
    };
  }

  /** The newest sample, for people. */
  explain(slot: number): { buckets: number; schema: number; isGauge: boolean } | undefined {
    const newest = this.#newest.get(slot);
    if (!newest) return undefined;
    const read = readNativeHistogram(newest, 0, newest.length);
    const { positive, negative, schema, resetHint } = read;
    const buckets = positive.indexes.length + negative.indexes.length;
    return { buckets, schema, isGauge: resetHint === gaugeSaid };
  }

  /** The series ended, or its slot is given back. */
  remove(slot: number): void {
    this.#newest.delete(slot);
  }

  #between(now: NativeHistogram, before: NativeHistogram | undefined): Buckets {
    const b = this.#buckets;
    b.length = 0;
    b.exponential = now.schema !== customSchema;
    // Of rates, as recording rules make them, there is no number of observations.
    b.least = now.isFloat && now.resetHint === gaugeSaid ? 0 : leastObservations;
    const { negative, positive, zeroThreshold } = now;
    const fromZero = grown(negative, before?.negative);
    for (let k = negative.indexes.length - 1; k >= 0; k--) {
      const index = negative.indexes[k]!;
      if (fromZero[k]! > 0)
        pushBucket(b, -boundOf(now, index), -boundOf(now, index - 1), fromZero[k]!);
    }
    const zero = now.zeroCount - (before?.zeroCount ?? 0);
    if (zero > 0) {
      const [isBelow, isAbove] = [negative.indexes.length > 0, positive.indexes.length > 0];
      pushBucket(b, isBelow ? -zeroThreshold : 0, isAbove || !isBelow ? zeroThreshold : 0, zero);
    }
    const more = grown(positive, before?.positive);
    for (let k = 0; k < positive.indexes.length; k++) {
      const index = positive.indexes[k]!;
      if (more[k]! > 0) pushBucket(b, boundOf(now, index - 1), boundOf(now, index), more[k]!);
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

/** Whoever writes to the log beside a gateway may write anything. */
function readable(message: Uint8Array): NativeHistogram | undefined {
  try {
    return readNativeHistogram(message, 0, message.length);
  } catch (error) {
    if (error instanceof SeastateError) return undefined;
    throw error;
  }
}

/** Upper bound of a bucket: 2^(index / 2^schema), or a bound of its own. */
function boundOf({ schema, customBounds: own }: NativeHistogram, index: number): number {
  if (schema !== customSchema) return 2 ** (index * 2 ** -schema);
  if (index < 0) return own[0]! > 0 ? 0 : Number.NEGATIVE_INFINITY;
  return index < own.length ? own[index]! : Number.POSITIVE_INFINITY;
}

const fellCount = (now: NativeHistogram, before: NativeHistogram): boolean =>
  now.resetHint === resetSaid || now.count < before.count;

/** The older one in the buckets of the newer; undefined after a reset, or where there is none. */
function comparable(
  now: NativeHistogram,
  before: NativeHistogram | undefined,
): NativeHistogram | undefined {
  if (!before || fellCount(now, before) || !equal(now.customBounds, before.customBounds)) {
    return undefined;
  }
  const since = inBucketsOf(now, before);
  if (!since || now.zeroCount < since.zeroCount) return undefined;
  const fell = hasFallen(now.positive, since.positive) || hasFallen(now.negative, since.negative);
  return fell ? undefined : since;
}

/** A client that has too many buckets doubles their width, or widens the one around zero. */
function inBucketsOf(now: NativeHistogram, before: NativeHistogram): NativeHistogram | undefined {
  const { schema, zeroThreshold } = now;
  if (schema === before.schema && zeroThreshold === before.zeroThreshold) return before;
  const isCoarser = schema <= before.schema && zeroThreshold >= before.zeroThreshold;
  if (!isCoarser || schema === customSchema || before.schema === customSchema) return undefined;
  const shift = before.schema - schema;
  const [positive, inZero] = coarser(before.positive, shift, now);
  const [negative, alsoInZero] = coarser(before.negative, shift, now);
  const zeroCount = before.zeroCount + inZero + alsoInZero;
  return { ...before, schema, zeroThreshold, positive, negative, zeroCount };
}

/** Buckets twice as wide `shift` times, and what of them lies in the zero bucket. */
function coarser(
  { indexes, counts }: NativeBuckets,
  shift: number,
  now: NativeHistogram,
): [NativeBuckets, zero: number] {
  const wide = { indexes: [] as number[], counts: [] as number[] };
  let zero = 0;
  for (let k = 0; k < indexes.length; k++) {
    const index = ((indexes[k]! - 1) >> shift) + 1;
    const last = wide.indexes.length - 1;
    if (boundOf(now, index - 1) < now.zeroThreshold) zero += counts[k]!;
    else if (wide.indexes[last] === index) wide.counts[last]! += counts[k]!;
    else {
      wide.indexes.push(index);
      wide.counts.push(counts[k]!);
    }
  }
  return [wide, zero];
}

/** Observations more in each bucket of `now`. */
function grown(now: NativeBuckets, before: NativeBuckets | undefined): number[] {
  if (!before) return now.counts as number[];
  let at = 0;
  return now.counts.map((count, k) => {
    while (at < before.indexes.length && before.indexes[at]! < now.indexes[k]!) at++;
    return before.indexes[at] === now.indexes[k] ? count - before.counts[at]! : count;
  });
}

function hasFallen(now: NativeBuckets, before: NativeBuckets): boolean {
  let at = 0;
  for (let k = 0; k < before.indexes.length; k++) {
    while (at < now.indexes.length && now.indexes[at]! < before.indexes[k]!) at++;
    const count = now.indexes[at] === before.indexes[k] ? now.counts[at]! : 0;
    if (count < before.counts[k]!) return true;
  }
  return false;
}

const equal = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, k) => value === b[k]);
