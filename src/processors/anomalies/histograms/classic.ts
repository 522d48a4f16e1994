import type { ByteReader, ByteWriter } from '../../../core/bytes.ts';
import { Columns } from '../../../engine/columns.ts';
import type { Moved } from '../../../engine/moved.ts';
import type { ProcessorContext } from '../../../engine/processor.ts';
import { Pool } from '../../../models/pool.ts';
import type { AnomalySettings } from '../settings.ts';
import { Differences } from './differences.ts';
import { boundOf, isBucketName, keyOf } from './names.ts';
import type { Observations } from './quantile.ts';

const none = -1;
/** Said of a bucket that its histogram has no room for. */
export const refused = -2;
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
  /** Buckets, reporting or not. */
  size: 'u16',
  /** ms of the samples that are being gathered; of the newest whole scrape. */
  pending: 'f64',
  folded: 'f64',
  filled: 'u16',
  /** Buckets of the newest whole scrape that report still; 0: not known yet. */
  expected: 'u16',
  /** Buckets that report. */
  reporting: 'u16',
  /** Of the bounds of the newest difference; 0: there was none. Buckets came or went since then. */
  layout: 'u32',
  changed: 'u8',
  /** Each scrape counts by itself. */
  gauge: 'u8',
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
  readonly observed: Observations;
}

/**
 * Classic histograms (`x_bucket` with `le`): gathers the buckets of one scrape, which may come in
 * several records, and gives the observations between two whole scrapes. A scrape is whole when
 * every bucket that reports has come. The series of the open bucket (`le="+Inf"`) stands for the
 * histogram. A fall of any bucket is a reset of all.
 */
export class ClassicHistograms {
  readonly #context: ProcessorContext<AnomalySettings>;
  /** By series slot. */
  readonly #slots = new Columns({ bucket: { type: 'i32', initial: none } });
  readonly #buckets = new Pool(bucketColumns);
  readonly #histograms = new Pool(histogramColumns);
  /** Derived from labels: histogram by cluster, name without suffix, labels less `le`. */
  readonly #byKey = new Map<string, number>();
  readonly #observed = new Differences();
  readonly #folded = { histogram: 0, slot: 0, time: 0, isOther: false, observed: this.#observed };

  constructor(context: ProcessorContext<AnomalySettings>) {
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

  /** A series is to be scored; its histogram when it is a bucket, -1 when not; or `refused`. */
  add(slot: number): number {
    const { series } = this.#context;
    const name = series.label(slot, '__name__');
    if (this.has(slot) || !isBucketName(name)) return this.histogramOf(slot);
    const bound = boundOf(series.label(slot, 'le'));
    if (Number.isNaN(bound)) return none;
    const histogram = this.#byKey.get(keyOf(this.#context, slot, true));
    const size = histogram === undefined ? 0 : this.#histograms.arrays.size[histogram]!;
    if (size < this.#context.settings.buckets_max) return this.#enter(slot, bound);
    this.#context.count('buckets_over_limit');
    return refused;
  }

  #enter(slot: number, bound: number): number {
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
    this.#histograms.arrays.size[histogram]!++;
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
    h.changed[histogram] = 1;
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
    this.#histograms.arrays.size[histogram]!--;
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
      h.changed[histogram] = 1;
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
    const b = this.#buckets.arrays;
    const h = this.#histograms.arrays;
    const [time, since] = [h.pending[histogram]!, h.folded[histogram]!];
    let [owner, isKnown, fell] = [none, since > 0, false];
    for (let at = h.first[histogram]!; at >= 0; at = b.next[at]!) {
      if (b.nowAt[at] !== time) continue;
      if (b.rawAt[at] !== since) isKnown = false;
      else if (b.now[at]! < b.raw[at]!) fell = true;
      if (b.bound[at] === Number.POSITIVE_INFINITY && b.reports[at] === 1) owner = b.slot[at]!;
    }
    // Its type may become known late; of a counter nothing falls often.
    if (owner >= 0 && (fell || since === 0)) {
      h.gauge[histogram] = this.#context.series.type(owner) === gaugeHistogram ? 1 : 0;
    }
    const isWhole = (fell && since > 0) || h.gauge[histogram] === 1;
    this.#observe(histogram, time, isWhole);
    h.folded[histogram] = time;
    h.expected[histogram] = h.filled[histogram]!;
    if (owner < 0 && since > 0) this.#context.count('histogram_incomplete');
    if (owner < 0 || !(isKnown || isWhole) || this.#observed.length < 2) return undefined;
    const isOther = h.changed[histogram] === 1 && this.#isOther(histogram, time);
    h.changed[histogram] = 0;
    return Object.assign(this.#folded, { histogram, slot: owner, time, isOther });
  }

  /**
   * Takes the values of `time` as those to go on from; `isWhole`: all of them were observed now.
   */
  #observe(histogram: number, time: number, isWhole: boolean): void {
    const b = this.#buckets.arrays;
    const observed = this.#observed;
    let below = 0;
    observed.length = 0;
    for (let at = this.#histograms.arrays.first[histogram]!; at >= 0; at = b.next[at]!) {
      if (b.nowAt[at] !== time) continue;
      const value = b.now[at]!;
      const cumulative = isWhole ? value : value - b.raw[at]!;
      observed.push(b.bound[at]!, Math.max(0, cumulative - below));
      if (cumulative > below) below = cumulative;
      b.raw[at] = value;
      b.rawAt[at] = time;
    }
  }

  /** Whether the bounds are others than of the newest difference. */
  #isOther(histogram: number, time: number): boolean {
    const b = this.#buckets.arrays;
    const { first, layout } = this.#histograms.arrays;
    let hash = 0x811c9dc5;
    for (let at = first[histogram]!; at >= 0; at = b.next[at]!) {
      if (b.nowAt[at] !== time) continue;
      word[0] = b.bound[at]!;
      hash = Math.imul(hash ^ words[0]!, 0x01000193);
      hash = Math.imul(hash ^ words[1]! ^ (hash >>> 15), 0x01000193);
    }
    const before = layout[histogram]!;
    layout[histogram] = hash >>> 0 || 1;
    return before > 0 && before !== layout[histogram];
  }

  /** A hash of the bounds of the newest difference of a series' histogram; 0: there was none. */
  layoutOf(slot: number): number {
    const histogram = this.histogramOf(slot);
    return histogram < 0 ? 0 : this.#histograms.arrays.layout[histogram]!;
  }

  /** A series that succeeds another has its past: false where its bounds are known to be others. */
  succeed(slot: number, theirs: number): boolean {
    const histogram = this.histogramOf(slot);
    if (histogram < 0 || theirs === 0) return true;
    const { layout } = this.#histograms.arrays;
    if (layout[histogram] === 0) layout[histogram] = theirs;
    return layout[histogram] === theirs;
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
    // Early versions did not keep it.
    this.#histograms.arrays.size.fill(0);
    for (const at of this.#slots.arrays.bucket) {
      if (at < 0) continue;
      this.#histograms.arrays.size[this.#buckets.arrays.histogram[at]!]!++;
      const { slot, histogram } = this.#buckets.arrays;
      this.#byKey.set(keyOf(this.#context, slot[at]!, true), histogram[at]!);
    }
  }

  absorb(from: ClassicHistograms, { slots }: Moved): void {
    for (const [old, slot] of slots.entries()) {
      const theirs = from.#bucketOf(old);
      if (slot < 0 || theirs < 0) continue;
      const histogram = this.#enter(slot, from.#buckets.arrays.bound[theirs]!);
      const [b, t] = [this.#buckets.arrays, from.#buckets.arrays];
      const at = this.#bucketOf(slot);
      for (const name of ['raw', 'rawAt', 'now', 'nowAt', 'reports'] as const) {
        b[name][at] = t[name][theirs]!;
      }
      const [h, th] = [this.#histograms.arrays, from.#histograms.arrays];
      for (const name of Object.keys(histogramColumns) as (keyof typeof histogramColumns)[]) {
        if (name !== 'first' && name !== 'size')
          h[name][histogram] = th[name][t.histogram[theirs]!]!;
      }
    }
  }
}

const gaugeHistogram = 4;
const word = new Float64Array(1);
const words = new Int32Array(word.buffer);
