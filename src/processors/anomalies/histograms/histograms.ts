import type { ByteReader, ByteWriter } from '../../../core/bytes.ts';
import { Columns } from '../../../engine/columns.ts';
import { type MetricKind, metricKinds } from '../../../engine/model.ts';
import type { Moved } from '../../../engine/moved.ts';
import type { HistogramColumns, Kept, Label, ProcessorContext } from '../../../engine/processor.ts';
import { kindOf } from '../../../models/kinds.ts';
import { Pool } from '../../../models/pool.ts';
import { putLabel, sortedLabels } from '../labels.ts';
import type { AnomalySettings } from '../settings.ts';
import { ClassicHistograms, refused } from './classic.ts';
import { baseNameOf, keyOf } from './names.ts';
import { NativeHistograms } from './native.ts';
import { type Observations, observationsOf, quantileOf } from './quantile.ts';

/** What is scored of a histogram beside the rate of its observations. */
export const quantiles = [0.5, 0.99] as const;

/** The series itself, of what may be scored of it: of a native histogram its observations. */
export const itself = -1;

/** What may be scored of one series: itself and its quantiles. */
export const aspects = 1 + quantiles.length;

const plainAspects = [itself];
const classicAspects = quantiles.map((_, which) => which);
const nativeAspects = [itself, ...classicAspects];

/** One number for what is scored of a series. */
export const aspectOf = (slot: number, which: number): number => slot * aspects + which - itself;

/** A quantile of the observations that came between two samples; `id` is its slot in a scorer. */
export interface Quantile {
  slot: number;
  id: number;
  /** Index in `quantiles`. */
  which: number;
  time: number;
  /** NaN of too few observations. */
  value: number;
  kind: MetricKind;
  /** Whether it cannot be compared with those before. */
  isOther: boolean;
}

/** A histogram for people. */
export interface HistogramShown {
  readonly form: 'classic' | 'native' | 'native gauge';
  /** Without `le`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly buckets: number;
  /** Of a classic one: its greatest finite bound; when all its buckets came together last. */
  readonly greatest_bound: number | null;
  readonly whole_at: string | null;
  /** Why nothing is scored of it; '' when something is. */
  readonly silent: '' | 'no le="+Inf"' | 'scored as native';
}

const none = -1;
/** What a series is: not a native histogram, one that counts on, one that is a gauge. */
const forms = { other: 0, counter: 1, gauge: 2 } as const;

/**
 * Histograms as series: of each the median and the 99th percentile of what was observed between two
 * scrapes, under the slot of one series that stands for it; of a native one the observations too.
 * What a classic one counts stands in its own `_count` series. Of one that is sent in both forms
 * the native one is scored.
 */
export class Histograms implements Kept {
  readonly #context: ProcessorContext<AnomalySettings>;
  readonly #classic: ClassicHistograms;
  readonly #native = new NativeHistograms();
  /** By series slot: where its quantiles are; what it is (`forms`). */
  readonly #slots = new Columns({ place: { type: 'i32', initial: none }, form: 'u8' });
  /** `kind`: what its quantiles measure. */
  readonly #places = new Pool({ slot: { type: 'i32', initial: none }, kind: 'u8' });
  /** Derived: native histograms by key, and of classic ones which are there in native form too. */
  readonly #natives = new Map<string, number>();
  readonly #twins = new Map<number, number>();
  readonly #quantile: Quantile = {
    slot: 0,
    id: 0,
    which: 0,
    time: 0,
    value: 0,
    kind: 'gauge',
    isOther: false,
  };
  /** By old slot of a quantile its new one, after `absorb`. */
  movedIds = new Int32Array(0);

  constructor(context: ProcessorContext<AnomalySettings>) {
    this.#context = context;
    this.#classic = new ClassicHistograms(context);
  }

  /** Slots of quantiles ever given out. */
  get ids(): number {
    return this.#places.count * quantiles.length;
  }

  isBucket(slot: number): boolean {
    return this.#classic.has(slot);
  }

  isNative(slot: number): boolean {
    return (this.#slots.arrays.form[slot] ?? forms.other) !== forms.other;
  }

  /** What is scored of the series: `itself` and indexes in `quantiles`. */
  aspectsOf(slot: number): readonly number[] {
    if (this.isNative(slot)) return nativeAspects;
    return this.#classic.stands(slot) ? classicAspects : plainAspects;
  }

  /** Whether that is scored of the series under other labels than its own. */
  isDerived(slot: number, which: number): boolean {
    return this.isNative(slot) || (which !== itself && this.#classic.stands(slot));
  }

  /** Whether the series is a bucket that says nothing by itself. */
  isPart(slot: number): boolean {
    return this.#classic.has(slot) && !this.#classic.stands(slot);
  }

  /** The series that stands for the histogram of a bucket; of others itself. */
  ownerOf(slot: number): number {
    const histogram = this.#classic.histogramOf(slot);
    const owner = histogram < 0 ? none : this.#classic.ownerOf(histogram);
    return owner < 0 ? slot : owner;
  }

  /** The series that a histogram is made of. */
  seriesOf(slot: number): readonly number[] {
    const histogram = this.#classic.histogramOf(slot);
    return histogram < 0 ? [slot] : this.#classic.bucketsOf(histogram);
  }

  /**
   * Stands for the bounds that quantiles of a series were taken by; 0: nothing is known of them.
   */
  layoutOf(slot: number): number {
    return this.#classic.layoutOf(slot);
  }

  /**
   * A series is to go on with quantiles of another, of bounds `layout`: slot of its first one, -1
   * when its own bounds are others.
   */
  succeed(slot: number, layout: number): number {
    if (!this.#classic.succeed(slot, layout)) return none;
    return this.#placeOf(slot) * quantiles.length;
  }

  /** Slot of the first quantile of the histogram that this series stands for; -1 of others. */
  firstId(slot: number): number {
    const place = this.#slots.arrays.place[slot] ?? none;
    return place < 0 ? none : place * quantiles.length;
  }

  /** A series that is to be scored; false of a bucket more than a histogram may have. */
  add(slot: number): boolean {
    const histogram = this.#classic.add(slot);
    if (histogram < 0) return histogram !== refused;
    const twin = this.#natives.get(keyOf(this.#context, slot, true));
    if (twin !== undefined) this.#twins.set(histogram, twin);
    return true;
  }

  #placeOf(slot: number): number {
    this.#slots.reserve(slot + 1);
    const { place } = this.#slots.arrays;
    if (place[slot]! < 0) {
      const at = this.#places.take();
      place[slot] = at;
      this.#places.arrays.slot[at] = slot;
      this.#places.arrays.kind[at] = metricKinds.indexOf(this.kind(slot));
    }
    return place[slot]!;
  }

  /** The series reports no more, or is not scored any more. */
  ended(slot: number): void {
    this.#classic.ended(slot);
    this.#dropNative(slot);
  }

  #dropNative(slot: number): void {
    if (!this.#native.has(slot)) return;
    this.#native.remove(slot);
    const key = keyOf(this.#context, slot, false);
    this.#natives.delete(key);
    this.#twins.delete(this.#classic.find(key));
  }

  #addNative(slot: number): void {
    const key = keyOf(this.#context, slot, false);
    this.#natives.set(key, slot);
    const twin = this.#classic.find(key);
    if (twin >= 0) this.#twins.set(twin, slot);
  }

  /** The slot is about to be given back; `forget` the quantiles. */
  remove(slot: number, forget: (id: number) => void): void {
    const histogram = this.#classic.histogramOf(slot);
    this.#classic.remove(slot);
    if (histogram >= 0 && this.#classic.ownerOf(histogram) < 0) this.#twins.delete(histogram);
    this.#dropNative(slot);
    if (slot < this.#slots.arrays.form.length) this.#slots.arrays.form[slot] = forms.other;
    const first = this.firstId(slot);
    if (first < 0) return;
    for (let k = 0; k < quantiles.length; k++) forget(first + k);
    this.#places.give(this.#slots.arrays.place[slot]!);
    this.#slots.arrays.place[slot] = none;
  }

  /** A sample of a bucket; `take` is called with each quantile that is known now. */
  sample(slot: number, time: number, value: number, take: (quantile: Quantile) => void): void {
    const folded = this.#classic.sample(slot, time, value);
    if (!folded || this.#twins.has(folded.histogram)) return;
    this.#tell(folded.slot, folded.time, folded.isOther, folded.observed, take);
  }

  /** The series is a native histogram from now on. */
  becomesNative(slot: number): void {
    this.#slots.reserve(slot + 1);
    this.#slots.arrays.form[slot] = forms.counter;
  }

  /** Sample `i` of the native ones; returns its count, NaN when it cannot be read. */
  native(columns: HistogramColumns, i: number, take: (quantile: Quantile) => void): number {
    const slot = columns.slots[i]!;
    const message = columns.bytes.subarray(columns.starts[i]!, columns.ends[i]!);
    const isNew = !this.#native.has(slot);
    const said = this.#native.sample(slot, message);
    if (!said) {
      this.#context.count('histogram_unreadable');
      return Number.NaN;
    }
    if (isNew) this.#addNative(slot);
    const { count, isGauge, isOther, observed } = said;
    this.#slots.arrays.form[slot] = isGauge ? forms.gauge : forms.counter;
    if (observed) this.#tell(slot, columns.times[i]!, isOther, observed, take);
    return count;
  }

  #tell(
    slot: number,
    time: number,
    isOther: boolean,
    observed: Observations,
    take: (quantile: Quantile) => void,
  ): void {
    const place = this.#placeOf(slot);
    const total = observationsOf(observed);
    const quantile = this.#quantile;
    quantile.slot = slot;
    quantile.time = time;
    quantile.kind = metricKinds[this.#places.arrays.kind[place]!]!;
    quantile.isOther = isOther;
    for (let which = 0; which < quantiles.length; which++) {
      quantile.id = place * quantiles.length + which;
      quantile.which = which;
      quantile.value = quantileOf(observed, total, quantiles[which]!);
      take(quantile);
    }
  }

  /** What the observations of a native histogram measure: so many so far, or in this sample. */
  countKind(slot: number): MetricKind {
    return this.#slots.arrays.form[slot] === forms.gauge ? 'gauge' : 'counter';
  }

  /** What its quantiles measure: whatever its name says that is observed. */
  kind(slot: number): MetricKind {
    const name = baseNameOf(this.#context.series.label(slot, '__name__'));
    return kindOf(name, 'histogram');
  }

  /**
   * Labels of what is scored of a series: of a histogram its name without suffix and its labels
   * without `le`, with `quantile`, or with `stat="count"` for its observations. Labels of its own
   * that are in the way become `exported_...`.
   */
  labels(slot: number, which: number): readonly Label[] {
    const own = this.#context.series.labels(slot);
    if (which === itself && !this.isNative(slot)) return own;
    const labels = this.#baseLabels(slot);
    if (which === itself) putLabel(labels, 'stat', 'count');
    else putLabel(labels, 'quantile', String(quantiles[which]));
    return sortedLabels(labels);
  }

  /** Labels of the histogram that the series is, or is a bucket of. */
  #baseLabels(slot: number): Map<string, string> {
    const labels = new Map<string, string>(this.#context.series.labels(slot));
    if (!this.#classic.has(slot)) return labels;
    labels.delete('le');
    return labels.set('__name__', baseNameOf(labels.get('__name__')!));
  }

  /** For people; null of what is no histogram. */
  explain(slot: number): HistogramShown | null {
    const histogram = this.#classic.histogramOf(slot);
    const native = this.#native.explain(slot);
    if (histogram < 0 && !native) return null;
    const labels = Object.fromEntries(this.#baseLabels(slot));
    if (native) {
      const form = native.isGauge ? 'native gauge' : 'native';
      const { buckets } = native;
      return { form, labels, buckets, greatest_bound: null, whole_at: null, silent: '' };
    }
    const { buckets, greatest, whole } = this.#classic.explain(histogram);
    const isOpen = this.#classic.ownerOf(histogram) >= 0;
    const silent = this.#twins.has(histogram) ? 'scored as native' : isOpen ? '' : 'no le="+Inf"';
    return {
      form: 'classic',
      labels,
      buckets,
      greatest_bound: greatest,
      whole_at: whole === null ? null : new Date(whole).toISOString(),
      silent,
    };
  }

  save(out: ByteWriter, slots: number): void {
    this.#classic.save(out, slots);
    this.#native.save(out);
    this.#slots.reserve(slots);
    this.#slots.save(out, slots);
    this.#places.save(out);
  }

  load(input: ByteReader): void {
    this.#classic.load(input);
    this.#native.load(input);
    this.#slots.load(input);
    this.#places.load(input);
    this.#natives.clear();
    this.#twins.clear();
    for (const slot of this.#native.slots()) this.#addNative(slot);
  }

  absorb(from: Histograms, moved: Moved): void {
    this.#classic.absorb(from.#classic, moved);
    this.#native.absorb(from.#native, moved);
    this.movedIds = new Int32Array(from.ids).fill(none);
    for (const [old, slot] of moved.slots.entries()) {
      if (slot < 0) continue;
      this.#slots.reserve(slot + 1);
      this.#slots.arrays.form[slot] = from.#slots.arrays.form[old] ?? forms.other;
      if (this.#native.has(slot)) this.#addNative(slot);
      const theirs = from.firstId(old);
      if (theirs < 0) continue;
      const ours = this.#placeOf(slot) * quantiles.length;
      for (let k = 0; k < quantiles.length; k++) this.movedIds[theirs + k] = ours + k;
    }
  }
}
