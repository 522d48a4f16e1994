import type { Label, ProcessorContext } from '../../engine/processor.ts';
import { SeriesWriter } from '../../formats/remote-write/series-writer.ts';
import { compress } from '../../formats/snappy/snappy.ts';
import type { Verdict } from '../../models/scorer.ts';
import type { AnomalySettings } from './settings.ts';

/** What is written of a series, in this order: bit k of `shown` is for the k-th. */
export const scoreNames = [
  'seastate_anomaly_score',
  'seastate_expected',
  'seastate_lower',
  'seastate_upper',
] as const;

/** Definitions in the writer at most: ended series leave theirs there. */
const definedMax = 400_000;
const undefinedYet = -1;

/**
 * Scores and bands of the series that `settings.anomalies.scores` asks for, as remote write on
 * topic `scores`: one record per record of samples. A NaN is left out. When a series ends or is
 * asked for no more, what stands of it is ended by stale markers. Nothing waits between records.
 */
export class Scores {
  readonly #context: ProcessorContext<AnomalySettings>;
  readonly #columns;
  #selections: readonly { has(slot: number): boolean }[] = [];
  // Derived: how a series is called there, by slot. No output depends on what is remembered.
  #writer = new SeriesWriter();
  #defined = new Int32Array(0);
  /** Cluster of what is in the writer. */
  #cluster = -1;

  constructor(context: ProcessorContext<AnomalySettings>) {
    this.#context = context;
    this.#columns = context.columns('scores', { asked: 'u8', shown: 'u8' });
    this.#select();
  }

  #select(): void {
    this.#selections = this.#context.settings.scores.map((each) => this.#context.select(each));
  }

  /** Takes the settings in force; `isScored` says of a slot whether a route takes it. */
  configure(isScored: (slot: number) => boolean): void {
    this.#select();
    const { series } = this.#context;
    const { asked } = this.#columns.arrays;
    for (let slot = 0; slot < series.count; slot++) {
      this.ask(slot, isScored(slot));
      if (asked[slot] === 0) this.ended(slot, series.lastTime(slot));
    }
    this.flush();
  }

  /** Finds out whether a series is asked for. */
  ask(slot: number, isScored: boolean): void {
    const isAsked = isScored && this.#selections.some((selection) => selection.has(slot));
    this.#columns.arrays.asked[slot] = isAsked ? 1 : 0;
    if (slot < this.#defined.length) this.#defined[slot] = undefinedYet;
  }

  /** What was said of a sample. */
  sample(slot: number, time: number, v: Verdict): void {
    const { asked, shown } = this.#columns.arrays;
    if (asked[slot] === 0 || (v.outcome !== 'scored' && v.outcome !== 'quiet')) return;
    const first = this.#series(slot);
    let now = 0;
    for (let k = 0; k < scoreNames.length; k++) {
      const value = k === 0 ? v.strength : k === 1 ? v.expected : k === 2 ? v.lower : v.upper;
      if (!Number.isNaN(value)) {
        this.#writer.add(first + k, time, value);
        now |= 1 << k;
      } else if ((shown[slot]! >> k) & 1) this.#writer.add(first + k, time, 'stale');
    }
    shown[slot] = now;
  }

  /** The series ended at a stale marker of its own. */
  stale(slot: number, time: number): void {
    const { shown } = this.#columns.arrays;
    if (shown[slot] === 0) return;
    const first = this.#series(slot);
    for (let k = 0; k < scoreNames.length; k++) {
      if ((shown[slot]! >> k) & 1) this.#writer.add(first + k, time, 'stale');
    }
    shown[slot] = 0;
  }

  /** The series ended behind its last sample at `time`: at once, so that it can begin again. */
  ended(slot: number, time: number): void {
    this.stale(slot, time + 1);
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

  /** The first of the series in the writer that stand for a slot. */
  #series(slot: number): number {
    const cluster = this.#context.series.cluster(slot);
    if (cluster !== this.#cluster) {
      this.flush();
      this.#cluster = cluster;
    }
    if (slot >= this.#defined.length) {
      const bigger = new Int32Array(Math.max(slot + 1, 2 * this.#defined.length));
      bigger.fill(undefinedYet).set(this.#defined);
      this.#defined = bigger;
    }
    if (this.#defined[slot] === undefinedYet) this.#defined[slot] = this.#define(slot, cluster);
    return this.#defined[slot]!;
  }

  #define(slot: number, cluster: number): number {
    const { series, clusters } = this.#context;
    const own = series.labels(slot);
    const owner = { tenant: clusters.tenant(cluster), cluster: clusters.name(cluster) };
    const [first] = scoreNames.map((name) => this.#writer.define(scoreLabels(name, own, owner)));
    return first!;
  }
}

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
  put(labels, 'metric', metric);
  put(labels, 'tenant', owner.tenant);
  if (!labels.has('cluster')) labels.set('cluster', owner.cluster);
  labels.set('__name__', name);
  return [...labels].filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? -1 : 1));
}

function put(labels: Map<string, string>, name: string, value: string): void {
  const before = labels.get(name);
  if (before !== undefined) put(labels, `exported_${name}`, before);
  labels.set(name, value);
}
