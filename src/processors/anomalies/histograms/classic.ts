import type { ByteReader, ByteWriter } from '../../../core/bytes.ts';
import { identityOf } from '../../../core/identity.ts';
import { Columns } from '../../../engine/columns.ts';
import type { Moved } from '../../../engine/moved.ts';
import type { ProcessorContext } from '../../../engine/processor.ts';
import { Pool } from '../../../models/pool.ts';
import { type Buckets, bucketsMax, emptyBuckets } from './quantile.ts';

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
} as const;
const histogramColumns = {
  /** The bucket with the lowest bound. */
  first: { type: 'i32', initial: none },
  /** ms of the samples that are being gathered; of those that were folded last. */
  pending: 'f64',
  folded: 'f64',
  filled: 'u16',
  /** Buckets that came last time. */
  expected: 'u16',
} as const;

/** What became of a bucket's sample: the histogram is whole, or not yet, or it came too late. */
export type Gathered = 'whole' | 'waiting' | 'late';

/**
 * Classic histograms (`x_bucket` with `le`): gathers the buckets of one scrape, which may come in
 * several records, and gives the observations between two scrapes. The series of the open bucket
 * (`le="+Inf"`) stands for the histogram. A fall of any bucket is a reset of all.
 */
export class ClassicHistograms {
  readonly #context: ProcessorContext<unknown>;
  /** By series slot. */
  readonly #slots = new Columns({ bucket: { type: 'i32', initial: none } });
  readonly #buckets = new Pool(bucketColumns);
  readonly #histograms = new Pool(histogramColumns);
  /** Derived from labels: histogram by cluster and labels less `le`. */
  readonly #byKey = new Map<string, number>();
  readonly #observed = emptyBuckets();

  constructor(context: ProcessorContext<unknown>) {
    this.#context = context;
  }

  has(slot: number): boolean {
    return this.#bucketOf(slot) >= 0;
  }

  /** Whether the series stands for its histogram. */
  stands(slot: number): boolean {
    const at = this.#bucketOf(slot);
    return at >= 0 && this.#buckets.arrays.bound[at] === Number.POSITIVE_INFINITY;
  }

  #bucketOf(slot: number): number {
    return this.#slots.arrays.bucket[slot] ?? none;
  }

  /** A series was born; true when it is a bucket. */
  add(slot: number): boolean {
    const { series } = this.#context;
    if (!series.label(slot, '__name__').endsWith('_bucket')) return false;
    const bound = boundOf(series.label(slot, 'le'));
    if (Number.isNaN(bound)) return false;
    const key = this.#keyOf(slot);
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
    return true;
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

  #keyOf(slot: number): string {
    const { series } = this.#context;
    const labels = series.labels(slot).filter(([name]) => name !== 'le');
    return identityOf([String(series.cluster(slot)), ...labels.flat()]);
  }

  /** The slot is about to be given back. */
  remove(slot: number): void {
    const at = this.#bucketOf(slot);
    if (at < 0) return;
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
      this.#byKey.delete(this.#keyOf(slot));
      this.#histograms.give(histogram);
    }
    this.#buckets.give(at);
    this.#slots.arrays.bucket[slot] = none;
  }

  /**
   * A sample of a bucket. When it begins a new scrape the one before may have to be folded without
   * the buckets that did not come: ask `unfinished` first.
   */
  sample(slot: number, time: number, value: number): Gathered {
    const at = this.#bucketOf(slot);
    const b = this.#buckets.arrays;
    const h = this.#histograms.arrays;
    const histogram = b.histogram[at]!;
    if (time < h.pending[histogram]!) return 'late';
    if (time > h.pending[histogram]!) {
      h.pending[histogram] = time;
      h.filled[histogram] = 0;
    }
    b.now[at] = value;
    b.nowAt[at] = time;
    h.filled[histogram]!++;
    if (h.folded[histogram] === time) {
      // Its scrape was folded without it: it takes part from the next one on.
      b.raw[at] = value;
      b.rawAt[at] = time;
      h.expected[histogram] = h.filled[histogram]!;
      return 'waiting';
    }
    return h.filled[histogram]! >= Math.max(h.expected[histogram]!, 1) && h.folded[histogram]! > 0
      ? 'whole'
      : 'waiting';
  }

  /** ms of an older scrape that still waits when a bucket of `time` comes; 0 when there is none. */
  unfinished(slot: number, time: number): number {
    const histogram = this.#buckets.arrays.histogram[this.#bucketOf(slot)]!;
    const h = this.#histograms.arrays;
    const pending = h.pending[histogram]!;
    return pending > h.folded[histogram]! && pending < time ? pending : 0;
  }

  /**
   * The observations since the scrape before, and the slot that stands for the histogram; undefined
   * when there was none or the open bucket is missing. Valid until the next call.
   */
  fold(slot: number): { slot: number; observed: Buckets } | undefined {
    const b = this.#buckets.arrays;
    const h = this.#histograms.arrays;
    const histogram = b.histogram[this.#bucketOf(slot)]!;
    const [time, since] = [h.pending[histogram]!, h.folded[histogram]!];
    const isReset = this.#fell(histogram, time, since);
    const observed = this.#observed;
    let [n, below, lower, owner] = [0, 0, Number.NEGATIVE_INFINITY, none];
    for (let at = h.first[histogram]!; at >= 0; at = b.next[at]!) {
      if (b.nowAt[at] !== time) continue;
      const known = b.rawAt[at] === since && since > 0;
      const cumulative = isReset ? b.now[at]! : b.now[at]! - b.raw[at]!;
      b.raw[at] = b.now[at]!;
      b.rawAt[at] = time;
      if (!known || n === bucketsMax) continue;
      const bound = b.bound[at]!;
      observed.lower[n] = n === 0 && bound > 0 ? 0 : lower;
      observed.upper[n] = bound;
      observed.counts[n] = Math.max(0, cumulative - below);
      below = Math.max(below, cumulative);
      lower = bound;
      n++;
      if (bound === Number.POSITIVE_INFINITY) owner = b.slot[at]!;
    }
    h.folded[histogram] = time;
    h.expected[histogram] = h.filled[histogram]!;
    observed.length = n;
    if (owner >= 0 && n > 1) return { slot: owner, observed };
    if (since > 0) this.#context.count('histogram_incomplete');
    return undefined;
  }

  #fell(histogram: number, time: number, since: number): boolean {
    const b = this.#buckets.arrays;
    for (let at = this.#histograms.arrays.first[histogram]!; at >= 0; at = b.next[at]!) {
      if (b.nowAt[at] === time && b.rawAt[at] === since && b.now[at]! < b.raw[at]!) return true;
    }
    return false;
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
      this.#byKey.set(this.#keyOf(slot[at]!), histogram[at]!);
    }
  }

  absorb(from: ClassicHistograms, { slots }: Moved): void {
    for (const [old, slot] of slots.entries()) {
      const theirs = from.#bucketOf(old);
      if (slot < 0 || theirs < 0 || !this.add(slot)) continue;
      const [b, t] = [this.#buckets.arrays, from.#buckets.arrays];
      const at = this.#bucketOf(slot);
      for (const name of ['raw', 'rawAt', 'now', 'nowAt'] as const) b[name][at] = t[name][theirs]!;
      const [h, th] = [this.#histograms.arrays, from.#histograms.arrays];
      for (const name of ['pending', 'folded', 'filled', 'expected'] as const) {
        h[name][b.histogram[at]!] = th[name][t.histogram[theirs]!]!;
      }
    }
  }
}

/** The upper bound that `le` spells (`1`, `1.0`, `5e-3`, `+Inf`); NaN when it is none. */
export function boundOf(le: string): number {
  if (/^\+?inf(inity)?$/i.test(le)) return Number.POSITIVE_INFINITY;
  const bound = le.trim() === '' ? Number.NaN : Number(le);
  return Number.isFinite(bound) ? bound : Number.NaN;
}
