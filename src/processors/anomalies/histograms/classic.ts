import type { ByteReader, ByteWriter } from '../../../core/bytes.ts';
import { identityOf } from '../../../core/identity.ts';
import { Columns } from '../../../engine/columns.ts';
import type { Moved } from '../../../engine/moved.ts';
import type { ProcessorContext } from '../../../engine/processor.ts';
import { Pool } from '../../../models/pool.ts';
import { type Buckets, emptyBuckets, pushBucket } from './quantile.ts';

const none = -1;
const bucketColumns = {
  slot: { type: 'i32', initial: none },
  histogram: { type: 'i32', initial: none },
  /** The bucket with the next greater bound. */
  next: { type: 'i32', initial: none },
  bound: 'f64',
  /** Value and time (ms) that the next difference is taken from. */
  raw: 'f64',
  rawAt: 'f64',
  /** The newest value, and its time. */
  now: 'f64',
  nowAt: 'f64',
  /** 1 while the series reports. */
  reports: 'u8',
} as const;
const histogramColumns = {
  /** The bucket with the lowest bound. */
  first: { type: 'i32', initial: none },
  /** ms of the samples that are being gathered; of the newest whole scrape. */
  pending: 'f64',
  folded: 'f64',
  filled: 'u16',
  /** Buckets of the newest whole scrape that report still; 0: not known yet. */
  expected: 'u16',
  /** Buckets that report. */
  reporting: 'u16',
  /** Of the bounds of the newest difference; 0: there was none. */
  layout: 'u32',
} as const;

/** What two scrapes of a histogram say. Valid until the next call. */
export interface Folded {
  readonly histogram: number;
  /** The series of its open bucket. */
  readonly slot: number;
  /** ms */
  readonly time: number;
  /** Whether the bounds are others than before: quantiles cannot be compared. */
  readonly isOther: boolean;
  readonly observed: Buckets;
}

/**
 * Classic histograms (`x_bucket` with `le`): gathers the buckets of one scrape, which may come in
 * several records, and gives the observations between two whole scrapes. A scrape is whole when
 * every bucket that reports has come. The series of the open bucket (`le="+Inf"`) stands for the
 * histogram. A fall of any bucket is a reset of all.
 */
export class ClassicHistograms {
  readonly #context: ProcessorContext<unknown>;
  /** By series slot. */
  readonly #slots = new Columns({ bucket: { type: 'i32', initial: none } });
  readonly #buckets = new Pool(bucketColumns);
  readonly #histograms = new Pool(histogramColumns);
  /** Derived from labels: histogram by cluster, name without suffix, labels less `le`. */
  readonly #byKey = new Map<string, number>();
  readonly #folded = { histogram: 0, slot: 0, time: 0, isOther: false, observed: emptyBuckets() };

  constructor(context: ProcessorContext<unknown>) {
    this.#context = context;
  }

  has(slot: number): boolean {
    return this.#bucketOf(slot) >= 0;
  }

  #bucketOf(slot: number): number {
    return this.#slots.arrays.bucket[slot] ?? none;
  }

  /** The histogram of a bucket's series, -1 of another series. */
  histogramOf(slot: number): number {
    const at = this.#bucketOf(slot);
    return at < 0 ? none : this.#buckets.arrays.histogram[at]!;
  }

  /** The series that stands for a histogram; -1 when there is none. */
  ownerOf(histogram: number): number {
    const b = this.#buckets.arrays;
    let owner = none;
    for (let at = this.#histograms.arrays.first[histogram]!; at >= 0; at = b.next[at]!) {
      const isOpen = b.bound[at] === Number.POSITIVE_INFINITY;
      if (isOpen && (owner < 0 || b.reports[at] === 1)) owner = b.slot[at]!;
    }
    return owner;
  }

  /** Slots of its buckets, in the order of their bounds. */
  bucketsOf(histogram: number): number[] {
    const b = this.#buckets.arrays;
    const slots: number[] = [];
    for (let at = this.#histograms.arrays.first[histogram]!; at >= 0; at = b.next[at]!) {
      slots.push(b.slot[at]!);
    }
    return slots;
  }

  /** Whether the series stands for its histogram. */
  stands(slot: number): boolean {
    const at = this.#bucketOf(slot);
    return at >= 0 && this.#buckets.arrays.bound[at] === Number.POSITIVE_INFINITY;
  }

  /** The histogram of that key (`keyOf`), -1 when there is none. */
  find(key: string): number {
    return this.#byKey.get(key) ?? none;
  }

  /** A series is to be scored; returns its histogram when it is a bucket, else -1. */
  add(slot: number): number {
    const { series } = this.#context;
    const name = series.label(slot, '__name__');
    if (this.has(slot) || !name.endsWith(bucketSuffix)) return this.histogramOf(slot);
    const bound = boundOf(series.label(slot, 'le'));
    if (Number.isNaN(bound)) return none;
    const key = keyOf(this.#context, slot, true);
    let histogram = this.#byKey.get(key);
    if (histogram === undefined) {
      histogram = this.#histograms.take();
      this.#byKey.set(key, histogram);
    }
    const at = this.#buckets.take();
    const b = this.#buckets.arrays;
    b.slot[at] = slot;
    b.histogram[at] = histogram;
    b.bound[at] = bound;
    this.#link(histogram, at);
    this.#slots.reserve(slot + 1);
    this.#slots.arrays.bucket[slot] = at;
    return histogram;
  }

  #link(histogram: number, at: number): void {
    const b = this.#buckets.arrays;
    const { first } = this.#histograms.arrays;
    let before = none;
    let after = first[histogram]!;
    while (after >= 0 && b.bound[after]! <= b.bound[at]!) {
      before = after;
      after = b.next[after]!;
    }
    b.next[at] = after;
    if (before < 0) first[histogram] = at;
    else b.next[before] = at;
  }

  /** The series of a bucket reports no more: its histogram is whole without it. */
  ended(slot: number): void {
    const at = this.#bucketOf(slot);
    const b = this.#buckets.arrays;
    if (at < 0 || b.reports[at] === 0) return;
    b.reports[at] = 0;
    const h = this.#histograms.arrays;
    const histogram = b.histogram[at]!;
    h.reporting[histogram]!--;
    h.expected[histogram] = Math.min(h.expected[histogram]!, h.reporting[histogram]!);
  }

  /** The slot is about to be given back. */
  remove(slot: number): void {
    const at = this.#bucketOf(slot);
    if (at < 0) return;
    this.ended(slot);
    const b = this.#buckets.arrays;
    const { first } = this.#histograms.arrays;
    const histogram = b.histogram[at]!;
    if (first[histogram] === at) first[histogram] = b.next[at]!;
    else {
      let before = first[histogram]!;
      while (b.next[before] !== at) before = b.next[before]!;
      b.next[before] = b.next[at]!;
    }
    if (first[histogram]! < 0) {
      this.#byKey.delete(keyOf(this.#context, slot, true));
      this.#histograms.give(histogram);
    }
    this.#buckets.give(at);
    this.#slots.arrays.bucket[slot] = none;
  }

  /** Takes a bucket's sample; returns what is known of its histogram now, if anything is. */
  sample(slot: number, time: number, value: number): Folded | undefined {
    const at = this.#bucketOf(slot);
    const b = this.#buckets.arrays;
    const h = this.#histograms.arrays;
    const histogram = b.histogram[at]!;
    let folded: Folded | undefined;
    if (time > h.pending[histogram]!) {
      folded = this.#close(histogram);
      h.pending[histogram] = time;
      h.filled[histogram] = 0;
    }
    if (b.reports[at] === 0) {
      b.reports[at] = 1;
      h.reporting[histogram]!++;
    }
    if (time < h.pending[histogram]!) {
      this.#context.count('bucket_late');
      return undefined;
    }
    b.now[at] = value;
    b.nowAt[at] = time;
    const filled = ++h.filled[histogram]!;
    if (h.folded[histogram] === time) {
      // Its scrape was whole without it: it takes part from the next one on.
      b.raw[at] = value;
      b.rawAt[at] = time;
      h.expected[histogram] = filled;
      return folded;
    }
    const isWhole = filled === h.expected[histogram] && filled === h.reporting[histogram];
    return isWhole ? (this.#fold(histogram) ?? folded) : folded;
  }

  /** A new scrape begins: the one before is whole, or of no use. */
  #close(histogram: number): Folded | undefined {
    const h = this.#histograms.arrays;
    if (!(h.pending[histogram]! > h.folded[histogram]!)) return undefined;
    if (h.filled[histogram]! >= h.reporting[histogram]!) return this.#fold(histogram);
    this.#context.count('histogram_incomplete');
    return undefined;
  }

  /** The observations since the last whole scrape; undefined when they are not known. */
  #fold(histogram: number): Folded | undefined {
    const h = this.#histograms.arrays;
    const [time, since] = [h.pending[histogram]!, h.folded[histogram]!];
    const owner = this.#openOf(histogram, time);
    const isGauge = owner >= 0 && this.#context.series.type(owner) === gaugeHistogram;
    const isWhole = isGauge || this.#fell(histogram, time, since);
    const isKnown = this.#observe(histogram, time, since, isWhole);
    h.folded[histogram] = time;
    h.expected[histogram] = h.filled[histogram]!;
    if (owner < 0 && since > 0) this.#context.count('histogram_incomplete');
    if (owner < 0 || !isKnown) return undefined;
    const layout = this.#layoutOf(histogram, time);
    const isOther = h.layout[histogram]! > 0 && h.layout[histogram] !== layout;
    h.layout[histogram] = layout;
    return Object.assign(this.#folded, { histogram, slot: owner, time, isOther });
  }

  /** Takes the values of `time` as those to go on from; false without an older one of each. */
  #observe(histogram: number, time: number, since: number, isWhole: boolean): boolean {
    const b = this.#buckets.arrays;
    const observed = this.#folded.observed;
    let [below, lower, isKnown] = [0, Number.NEGATIVE_INFINITY, true];
    observed.length = 0;
    for (let at = this.#histograms.arrays.first[histogram]!; at >= 0; at = b.next[at]!) {
      if (b.nowAt[at] !== time) continue;
      if (!isWhole && !(since > 0 && b.rawAt[at] === since)) isKnown = false;
      const [bound, cumulative] = [b.bound[at]!, isWhole ? b.now[at]! : b.now[at]! - b.raw[at]!];
      const from = observed.length === 0 && bound > 0 ? 0 : lower;
      pushBucket(observed, from, bound, Math.max(0, cumulative - below));
      below = Math.max(below, cumulative);
      lower = bound;
      b.raw[at] = b.now[at]!;
      b.rawAt[at] = time;
    }
    return isKnown && observed.length > 1;
  }

  /** The series of the open bucket that came at `time` and reports still, -1 when none does. */
  #openOf(histogram: number, time: number): number {
    const owner = this.ownerOf(histogram);
    if (owner < 0) return none;
    const { nowAt, reports } = this.#buckets.arrays;
    const at = this.#bucketOf(owner);
    return nowAt[at] === time && reports[at] === 1 ? owner : none;
  }

  #fell(histogram: number, time: number, since: number): boolean {
    const b = this.#buckets.arrays;
    for (let at = this.#histograms.arrays.first[histogram]!; at >= 0; at = b.next[at]!) {
      if (b.nowAt[at] === time && b.rawAt[at] === since && b.now[at]! < b.raw[at]!) return true;
    }
    return false;
  }

  /** Equal for equal bounds; never 0. */
  #layoutOf(histogram: number, time: number): number {
    const b = this.#buckets.arrays;
    let hash = 0x811c9dc5;
    for (let at = this.#histograms.arrays.first[histogram]!; at >= 0; at = b.next[at]!) {
      if (b.nowAt[at] !== time) continue;
      word[0] = b.bound[at]!;
      hash = Math.imul(hash ^ words[0]!, 0x01000193);
      hash = Math.imul(hash ^ words[1]! ^ (hash >>> 15), 0x01000193);
    }
    return hash >>> 0 || 1;
  }

  /** A series that succeeds another has its past: with other bounds it cannot be compared. */
  inherit(from: number, to: number): void {
    const [theirs, ours] = [this.histogramOf(from), this.histogramOf(to)];
    const { layout } = this.#histograms.arrays;
    if (theirs >= 0 && ours >= 0 && layout[ours] === 0) layout[ours] = layout[theirs]!;
  }

  /** For people: buckets that report, their greatest bound, ms of the newest whole scrape. */
  explain(histogram: number): { buckets: number; greatest: number | null; whole: number | null } {
    const b = this.#buckets.arrays;
    const { first, reporting, folded } = this.#histograms.arrays;
    let greatest: number | null = null;
    for (let at = first[histogram]!; at >= 0; at = b.next[at]!) {
      if (b.reports[at] === 1 && Number.isFinite(b.bound[at]!)) greatest = b.bound[at]!;
    }
    return { buckets: reporting[histogram]!, greatest, whole: folded[histogram]! || null };
  }

  save(out: ByteWriter, slots: number): void {
    this.#slots.reserve(slots);
    this.#slots.save(out, slots);
    this.#buckets.save(out);
    this.#histograms.save(out);
  }

  /** Series are there already. */
  load(input: ByteReader): void {
    this.#slots.load(input);
    this.#buckets.load(input);
    this.#histograms.load(input);
    this.#byKey.clear();
    for (const at of this.#slots.arrays.bucket) {
      if (at < 0) continue;
      const { slot, histogram } = this.#buckets.arrays;
      this.#byKey.set(keyOf(this.#context, slot[at]!, true), histogram[at]!);
    }
  }

  absorb(from: ClassicHistograms, { slots }: Moved): void {
    for (const [old, slot] of slots.entries()) {
      const theirs = from.#bucketOf(old);
      if (slot < 0 || theirs < 0) continue;
      const histogram = this.add(slot);
      const [b, t] = [this.#buckets.arrays, from.#buckets.arrays];
      const at = this.#bucketOf(slot);
      for (const name of ['raw', 'rawAt', 'now', 'nowAt', 'reports'] as const) {
        b[name][at] = t[name][theirs]!;
      }
      const [h, th] = [this.#histograms.arrays, from.#histograms.arrays];
      for (const name of Object.keys(histogramColumns) as (keyof typeof histogramColumns)[]) {
        if (name !== 'first') h[name][histogram] = th[name][t.histogram[theirs]!]!;
      }
    }
  }
}

const bucketSuffix = '_bucket';
const gaugeHistogram = 4;
const word = new Float64Array(1);
const words = new Int32Array(word.buffer);

/** The same for the buckets of a classic histogram and for the native one of its name. */
export function keyOf(
  { series }: ProcessorContext<unknown>,
  slot: number,
  isBucket: boolean,
): string {
  const own = series.label(slot, '__name__');
  const labels = series
    .labels(slot)
    .filter(([name]) => name !== '__name__' && !(isBucket && name === 'le'));
  const name = isBucket ? baseNameOf(own) : own;
  return identityOf([String(series.cluster(slot)), name, ...labels.flat()]);
}

export const baseNameOf = (name: string): string =>
  name.endsWith(bucketSuffix) ? name.slice(0, -bucketSuffix.length) : name;

/** The upper bound that `le` spells (`1`, `1.0`, `5e-3`, `+Inf`); NaN when it is none. */
export function boundOf(le: string): number {
  if (/^\+?inf(inity)?$/i.test(le)) return Number.POSITIVE_INFINITY;
  const bound = le.trim() === '' ? Number.NaN : Number(le);
  return Number.isFinite(bound) ? bound : Number.NaN;
}
