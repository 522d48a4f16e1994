import type { ByteReader, ByteWriter } from '../../../core/bytes.ts';
import { Columns } from '../../../engine/columns.ts';
import type { Moved } from '../../../engine/moved.ts';
import type { HistogramColumns, Kept, Label, ProcessorContext } from '../../../engine/processor.ts';
import { Pool } from '../../../models/pool.ts';
import { ClassicHistograms } from './classic.ts';
import { NativeHistograms } from './native.ts';
import { type Buckets, quantileOf } from './quantile.ts';

/** What is scored of a histogram beside the rate of its observations. */
export const quantiles = [0.5, 0.99] as const;

/** A quantile of the observations that came between two samples; `id` is its slot in a scorer. */
export interface Quantile {
  slot: number;
  id: number;
  /** Index in `quantiles`. */
  which: number;
  time: number;
  value: number;
}

const none = -1;

/**
 * Histograms as series: of each the median and the 99th percentile of what was observed between two
 * scrapes, under the slot of one series that stands for it; of a native one the count as well. What
 * a classic one counts stands in its own `_count` series.
 */
export class Histograms implements Kept {
  readonly #context: ProcessorContext<unknown>;
  readonly #classic: ClassicHistograms;
  readonly #native = new NativeHistograms();
  /** By series slot: where its quantiles are. */
  readonly #slots = new Columns({ place: { type: 'i32', initial: none } });
  readonly #places = new Pool({ slot: { type: 'i32', initial: none } });
  readonly #quantile: Quantile = { slot: 0, id: 0, which: 0, time: 0, value: 0 };
  /** By old slot of a quantile its new one, after `absorb`. */
  movedIds = new Int32Array(0);

  constructor(context: ProcessorContext<unknown>) {
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

  /** A successor of a workload: `copy` is called with each pair of its quantiles. */
  inherit(from: number, to: number, copy: (from: number, to: number) => void): void {
    const theirs = this.firstId(from);
    if (theirs < 0) return;
    const ours = this.#placeOf(to) * quantiles.length;
    for (let k = 0; k < quantiles.length; k++) copy(theirs + k, ours + k);
  }

  /** Whether the series is a bucket that says nothing by itself. */
  isPart(slot: number): boolean {
    return this.#classic.has(slot) && !this.#classic.stands(slot);
  }

  /** Slot of the first quantile of the histogram that this series stands for; -1 of others. */
  firstId(slot: number): number {
    const place = this.#slots.arrays.place[slot] ?? none;
    return place < 0 ? none : place * quantiles.length;
  }

  /** A series that is to be scored. */
  add(slot: number): void {
    if (!this.#classic.has(slot)) this.#classic.add(slot);
  }

  #placeOf(slot: number): number {
    this.#slots.reserve(slot + 1);
    const { place } = this.#slots.arrays;
    if (place[slot]! < 0) {
      place[slot] = this.#places.take();
      this.#places.arrays.slot[place[slot]!] = slot;
    }
    return place[slot]!;
  }

  /** The slot is about to be given back; `forget` the quantiles. */
  remove(slot: number, forget: (id: number) => void): void {
    this.#classic.remove(slot);
    this.#native.remove(slot);
    const first = this.firstId(slot);
    if (first < 0) return;
    for (let k = 0; k < quantiles.length; k++) forget(first + k);
    this.#places.give(this.#slots.arrays.place[slot]!);
    this.#slots.arrays.place[slot] = none;
  }

  /** A sample of a bucket; `take` is called with each quantile that is known now. */
  sample(slot: number, time: number, value: number, take: (quantile: Quantile) => void): void {
    const waiting = this.#classic.unfinished(slot, time);
    if (waiting > 0) this.#fold(slot, waiting, take);
    const gathered = this.#classic.sample(slot, time, value);
    if (gathered === 'late') this.#context.count('bucket_late');
    if (gathered === 'whole') this.#fold(slot, time, take);
  }

  #fold(slot: number, time: number, take: (quantile: Quantile) => void): void {
    const folded = this.#classic.fold(slot);
    if (folded) this.#tell(folded.slot, time, folded.observed, take);
  }

  /** Sample `i` of the native ones; returns its count as a counter has it, NaN when it has none. */
  native(columns: HistogramColumns, i: number, take: (quantile: Quantile) => void): number {
    const slot = columns.slots[i]!;
    if (columns.stale[i] === 1) {
      this.#native.remove(slot);
      return Number.NaN;
    }
    const message = columns.bytes.subarray(columns.starts[i]!, columns.ends[i]!);
    const { count, buckets } = this.#native.sample(slot, message);
    if (buckets) this.#tell(slot, columns.times[i]!, buckets, take);
    return count;
  }

  #tell(slot: number, time: number, observed: Buckets, take: (quantile: Quantile) => void): void {
    const first = this.#placeOf(slot) * quantiles.length;
    for (const [which, q] of quantiles.entries()) {
      const value = quantileOf(observed, q);
      if (!Number.isFinite(value)) continue;
      take(Object.assign(this.#quantile, { slot, id: first + which, which, time, value }));
    }
  }

  /** Labels of what is scored of a series: of a quantile the base name and the quantile. */
  labels(slot: number, which: number): readonly Label[] {
    const labels = this.#context.series.labels(slot);
    if (which < 0) return labels;
    const rest = labels.filter(([name]) => name !== 'le' && name !== '__name__');
    const name = this.#context.series.label(slot, '__name__').replace(/_bucket$/, '');
    return [['__name__', name], ...rest, ['quantile', String(quantiles[which])]];
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
  }

  absorb(from: Histograms, moved: Moved): void {
    this.#classic.absorb(from.#classic, moved);
    this.#native.absorb(from.#native, moved);
    this.movedIds = new Int32Array(from.ids).fill(none);
    for (const [old, slot] of moved.slots.entries()) {
      const theirs = from.firstId(old);
      if (slot < 0 || theirs < 0) continue;
      const ours = this.#placeOf(slot) * quantiles.length;
      for (let k = 0; k < quantiles.length; k++) this.movedIds[theirs + k] = ours + k;
    }
  }
}
