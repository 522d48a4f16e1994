import type { ByteReader, ByteWriter } from '../../../core/bytes.ts';
import { SeastateError } from '../../../core/errors.ts';
import type { Moved } from '../../../engine/moved.ts';
import {
  customSchema,
  type NativeBuckets,
  type NativeHistogram,
  readNativeHistogram,
} from '../../../formats/remote-write/histogram.ts';
import { leastObservations, type Observations } from './quantile.ts';

const resetSaid = 1;
const gaugeSaid = 3;

/** What the newest sample of a native histogram says. Valid until the next call. */
export interface Observed {
  /** Observations so far as a counter has them; of a gauge histogram those of this sample. */
  readonly count: number;
  readonly isGauge: boolean;
  /** Whether its bounds are others than before: quantiles cannot be compared. */
  readonly isOther: boolean;
  /**
   * Observations since the one before, or of the one when it is a gauge; undefined when unknown.
   */
  readonly observed: Observations | undefined;
}

/**
 * Native histograms: the observations between two samples. The newest one of each series is kept
 * as the bytes that came. Counts that fall or the sender's word are a reset; a coarser resolution
 * or a wider zero bucket is not.
 */
export class NativeHistograms {
  /** By series slot: the newest message. */
  readonly #newest = new Map<number, Uint8Array>();
  readonly #growth = new Growth();

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
    const isKnown = isGauge
      ? this.#growth.since(now, undefined)
      : before !== undefined && this.#between(now, before, isOther);
    return { count: now.count, isGauge, isOther, observed: isKnown ? this.#growth : undefined };
  }

  /** False when nothing can be said: of other bounds there is no difference. */
  #between(now: NativeHistogram, before: NativeHistogram, isOther: boolean): boolean {
    const isReset = now.resetHint === resetSaid || now.count < before.count;
    if (isOther && !isReset) return false;
    const older = isReset ? undefined : inBucketsOf(now, before);
    return this.#growth.since(now, older) || this.#growth.since(now, undefined);
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

/** Observations between two samples. Bounds are worked out where a quantile lies, no sooner. */
class Growth implements Observations {
  length = 0;
  counts = new Float64Array(256);
  /** By bucket: its index; the zero bucket is where it stands. */
  #indexes = new Int32Array(256);
  #zeroAt = -1;
  #now: NativeHistogram | undefined;

  get exponential(): boolean {
    return this.#now!.schema !== customSchema;
  }

  /** Of rates, as recording rules make them, there is no number of observations. */
  get least(): number {
    return this.#now!.isFloat && this.#now!.resetHint === gaugeSaid ? 0 : leastObservations;
  }

  /** Takes what came since `before`, or all; false where a count has fallen. */
  since(now: NativeHistogram, before: NativeHistogram | undefined): boolean {
    const { negative, positive } = now;
    const room = negative.indexes.length + positive.indexes.length + 1;
    if (room > this.counts.length) {
      this.counts = new Float64Array(2 * room);
      this.#indexes = new Int32Array(2 * room);
    }
    this.#now = now;
    this.#zeroAt = negative.indexes.length;
    this.length = room;
    const zero = now.zeroCount - (before?.zeroCount ?? 0);
    if (zero < 0 || !this.#add(negative, before?.negative, 0)) return false;
    this.counts.subarray(0, this.#zeroAt).reverse();
    this.#indexes.subarray(0, this.#zeroAt).reverse();
    this.counts[this.#zeroAt] = zero;
    return this.#add(positive, before?.positive, this.#zeroAt + 1);
  }

  /** Observations more in each bucket of one sign, from `to` on; false where one has fewer. */
  #add(now: NativeBuckets, before: NativeBuckets | undefined, to: number): boolean {
    const { indexes, counts } = now;
    const older = before?.indexes ?? [];
    let at = 0;
    for (let k = 0; k < indexes.length; k++) {
      const index = indexes[k]!;
      while (at < older.length && older[at]! < index) if (before!.counts[at++]! > 0) return false;
      const was = at < older.length && older[at] === index ? before!.counts[at++]! : 0;
      if (counts[k]! < was) return false;
      this.counts[to + k] = counts[k]! - was;
      this.#indexes[to + k] = index;
    }
    while (at < older.length) if (before!.counts[at++]! > 0) return false;
    return true;
  }

  lower(k: number): number {
    const now = this.#now!;
    if (k === this.#zeroAt) return k > 0 ? -now.zeroThreshold : 0;
    const index = this.#indexes[k]!;
    return k < this.#zeroAt ? -boundOf(now, index) : boundOf(now, index - 1);
  }

  upper(k: number): number {
    const now = this.#now!;
    if (k === this.#zeroAt) return k > 0 && this.length === k + 1 ? 0 : now.zeroThreshold;
    const index = this.#indexes[k]!;
    return k < this.#zeroAt ? -boundOf(now, index - 1) : boundOf(now, index);
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

const equal = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, k) => value === b[k]);
