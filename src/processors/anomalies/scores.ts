import { type Matcher, matchLabels, parseSelector } from '../../core/matchers.ts';
import type { Label, ProcessorContext, Selection } from '../../engine/processor.ts';
import { SeriesWriter } from '../../formats/remote-write/series-writer.ts';
import { compress } from '../../formats/snappy/snappy.ts';
import type { Verdict } from '../../models/verdict.ts';
import { aspectOf, aspects, type Histograms, itself } from './histograms/histograms.ts';
import { putLabel, sortedLabels } from './labels.ts';
import type { AnomalySettings } from './settings.ts';

/** What is written of each aspect of a series, in this order. */
export const scoreNames = [
  'seastate_anomaly_score',
  'seastate_expected',
  'seastate_lower',
  'seastate_upper',
] as const;

/** Definitions in the writer at most: ended series leave theirs there. */
const definedMax = 400_000;
const undefinedYet = -1;

const bitOf = (which: number): number => 1 << (which - itself);
/** The bit of the first name of an aspect in `shown`. */
const shiftOf = (which: number): number => (which - itself) * scoreNames.length;

/**
 * Scores and bands of the series and quantiles of histograms that `settings.anomalies.scores` asks
 * for, as remote write on topic `scores`: one record per record of samples. A NaN is left out. When
 * a series ends or is asked for no more, what stands of it is ended by stale markers. Nothing waits
 * between records.
 */
export class Scores {
  readonly #context: ProcessorContext<AnomalySettings>;
  readonly #histograms: Histograms;
  /** By series slot: a bit per aspect; a bit per aspect and name that stands there. */
  readonly #columns;
  #selections: readonly Selection[] = [];
  #selectors: readonly (readonly Matcher[])[] = [];
  // Derived: how an aspect is called there. No output depends on what is remembered.
  #writer = new SeriesWriter();
  #defined = new Int32Array(0);
  /** Cluster of what is in the writer. */
  #cluster = -1;

  constructor(context: ProcessorContext<AnomalySettings>, histograms: Histograms) {
    this.#context = context;
    this.#histograms = histograms;
    this.#columns = context.columns('scores', { asked: 'u8', shown: 'u16' });
    this.#select();
  }

  #select(): void {
    for (const selection of this.#selections) selection.release();
    const { scores } = this.#context.settings;
    // They may ask for names and labels that no series has, such as quantiles of histograms.
    const histograms = this.#histograms;
    const derived = {
      perSeries: aspects,
      isThere: (slot: number, at: number) => histograms.isDerived(slot, at + itself),
      labels: (slot: number, at: number) => histograms.labels(slot, at + itself),
    };
    this.#selections = scores.map((each) => this.#context.select(each, { derived }));
    this.#selectors = scores.map(parseSelector);
  }

  /** Takes the settings in force; `isScored` says of a slot whether a route takes it. */
  configure(isScored: (slot: number) => boolean): void {
    this.#select();
    const { series } = this.#context;
    const { asked } = this.#columns.arrays;
    for (let slot = 0; slot < series.count; slot++) {
      this.ask(slot, isScored(slot));
      for (let which = itself; which < aspects + itself; which++) {
        if ((asked[slot]! & bitOf(which)) === 0) this.stale(slot, which, series.lastTime(slot) + 1);
      }
    }
    this.flush();
  }

  /** Finds out whether a series is asked for, and which of its aspects. */
  ask(slot: number, isScored: boolean): void {
    let bits = 0;
    if (isScored && this.#selections.length > 0) {
      const isAsked = this.#selections.some((selection) => selection.has(slot));
      for (const which of this.#histograms.aspectsOf(slot)) {
        if (isAsked || this.#isCalledSo(slot, which)) bits |= bitOf(which);
      }
    }
    this.#columns.arrays.asked[slot] = bits;
    const end = Math.min((slot + 1) * aspects, this.#defined.length);
    for (let at = slot * aspects; at < end; at++) this.#defined[at] = undefinedYet;
  }

  /** Whether a selector names what is scored rather than the series that it comes from. */
  #isCalledSo(slot: number, which: number): boolean {
    if (this.#histograms.aspectsOf(slot).length === 1) return false;
    const labels = new Map(this.#histograms.labels(slot, which));
    return this.#selectors.some((matchers) => matchLabels(matchers, (name) => labels.get(name)));
  }

  /** What was said of a sample. */
  sample(slot: number, which: number, time: number, v: Verdict): void {
    const { asked, shown } = this.#columns.arrays;
    if ((asked[slot]! & bitOf(which)) === 0) return;
    if (v.outcome !== 'scored' && v.outcome !== 'quiet') return;
    const first = this.#series(slot, which);
    const shift = shiftOf(which);
    let now = 0;
    for (let k = 0; k < scoreNames.length; k++) {
      const value = k === 0 ? v.strength : k === 1 ? v.expected : k === 2 ? v.lower : v.upper;
      if (!Number.isNaN(value)) {
        this.#writer.add(first + k, time, value);
        now |= 1 << k;
      } else if ((shown[slot]! >> (shift + k)) & 1) this.#writer.add(first + k, time, 'stale');
    }
    shown[slot] = (shown[slot]! & ~(allNames << shift)) | (now << shift);
  }

  /** There is nothing to say of an aspect at `time`: what stands of it ends. */
  stale(slot: number, which: number, time: number): void {
    const { shown } = this.#columns.arrays;
    const shift = shiftOf(which);
    const standing = (shown[slot]! >> shift) & allNames;
    if (standing === 0) return;
    const first = this.#series(slot, which);
    for (let k = 0; k < scoreNames.length; k++) {
      if ((standing >> k) & 1) this.#writer.add(first + k, time, 'stale');
    }
    shown[slot]! &= ~(allNames << shift);
  }

  /** The series ended at `time`, by a stale marker of its own or right behind its last sample. */
  ended(slot: number, time: number): void {
    if (this.#columns.arrays.shown[slot] === 0) return;
    for (let which = itself; which < aspects + itself; which++) this.stale(slot, which, time);
  }

  /** Writes what was added. */
  flush(): void {
    const writer = this.#writer;
    if (writer.sampleCount === 0) return;
    this.#context.count('score_samples', writer.sampleCount);
    const samples = compress(writer.finish());
    this.#context.emit({ topic: 'scores', cluster: this.#cluster, samples });
    if (writer.seriesCount < definedMax) return;
    this.#writer = new SeriesWriter();
    this.#defined.fill(undefinedYet);
  }

  /** The first of the series in the writer that stand for an aspect of a slot. */
  #series(slot: number, which: number): number {
    const cluster = this.#context.series.cluster(slot);
    if (cluster !== this.#cluster) {
      this.flush();
      this.#cluster = cluster;
    }
    const at = aspectOf(slot, which);
    if (at >= this.#defined.length) {
      const bigger = new Int32Array(Math.max((slot + 1) * aspects, 2 * this.#defined.length));
      bigger.fill(undefinedYet).set(this.#defined);
      this.#defined = bigger;
    }
    if (this.#defined[at] === undefinedYet) this.#defined[at] = this.#define(slot, which, cluster);
    return this.#defined[at]!;
  }

  #define(slot: number, which: number, cluster: number): number {
    const { clusters } = this.#context;
    const own = this.#histograms.labels(slot, which);
    const owner = { tenant: clusters.tenant(cluster), cluster: clusters.name(cluster) };
    const [first] = scoreNames.map((name) => this.#writer.define(scoreLabels(name, own, owner)));
    return first!;
  }
}

const allNames = (1 << scoreNames.length) - 1;

/**
 * The labels of a series with another name: its own stands as `metric`. With `tenant`, and with
 * `cluster` where its sender gave none, so that no two clusters have one series in common. Labels
 * of its own that are in the way become `exported_...`, as in a Prometheus.
 */
export function scoreLabels(
  name: string,
  own: readonly Label[],
  owner: { readonly tenant: string; readonly cluster: string },
): Label[] {
  const labels = new Map<string, string>();
  for (const [label, value] of own) if (label !== '__name__') labels.set(label, value);
  const metric = own.find(([label]) => label === '__name__')?.[1] ?? '';
  putLabel(labels, 'metric', metric);
  putLabel(labels, 'tenant', owner.tenant);
  if (!labels.has('cluster')) labels.set('cluster', owner.cluster);
  labels.set('__name__', name);
  return sortedLabels(labels);
}
