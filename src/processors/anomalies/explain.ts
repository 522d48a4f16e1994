import type { MetricKind } from '../../engine/model.ts';
import type { ProcessorContext } from '../../engine/processor.ts';
import type { SeriesState } from '../../models/series-state.ts';
import type { ExpectedShapes } from './feedback.ts';
import {
  type HistogramShown,
  type Histograms,
  itself,
  quantiles,
} from './histograms/histograms.ts';
import type { Intervals, OpenAnomaly } from './intervals.ts';
import { isFixed, type Lane } from './lanes.ts';
import type { RouteBudgets } from './route-budgets.ts';
import type { Fate, SeenSeries, Watch } from './watch.ts';

/** What this processor says of a series (`seastate explain SELECTOR`). */
export interface AnomaliesOfSeries {
  /** The route that took it; null: none did, so it is not scored. */
  readonly route: Lane['route'] | null;
  readonly model_summary: string;
  /** What it measures: decides on direction and the least change that counts. */
  readonly kind: string;
  readonly state: SeriesState | null;
  /** Times its own cut that an alarm needs now, as this route and cluster told others lately. */
  readonly route_cut: number;
  /** Of a model that alarms at bounds: none is told for now, as those of a day are spent. */
  readonly route_spent: boolean;
  readonly open: OpenShown | null;
  /** Shapes that were marked as expected, on it or its like. */
  readonly feedback: readonly object[];
  /** Since it is watched; null: no sample came. */
  readonly seen: SeenSeries | null;
  /** The histogram that it is, or is a bucket of; null of another series. */
  readonly histogram: HistogramShown | null;
  /** What is scored of a histogram beside its observations (`kind`, `state`, `seen`). */
  readonly quantiles: readonly QuantileShown[];
}

interface QuantileShown {
  readonly quantile: string;
  readonly kind: string;
  readonly state: SeriesState | null;
  readonly seen: SeenSeries | null;
}

interface OpenShown {
  readonly anomaly: string;
  /** The quantile that it is about; null: the series itself. */
  readonly quantile: string | null;
  readonly kind: string;
  readonly direction: string;
  readonly start: string;
  readonly score: number;
  /** Not told: expected by feedback. */
  readonly hushed: boolean;
}

/** Where the answers are. */
export interface Knowledge {
  readonly context: ProcessorContext<unknown>;
  readonly histograms: Histograms;
  readonly open: Intervals;
  readonly budgets: RouteBudgets;
  readonly expected: ExpectedShapes;
  readonly watch: Watch | undefined;
  /** The lane of a slot, and what its series measures. */
  readonly lane: (slot: number) => Lane | undefined;
  readonly kind: (slot: number) => MetricKind;
}

/** A bucket says what is known of its histogram. */
export function anomaliesOf(slot: number, known: Knowledge): AnomaliesOfSeries {
  const { context, histograms, budgets, expected, watch } = known;
  const owner = histograms.ownerOf(slot);
  const lane = known.lane(owner);
  const cluster = context.series.cluster(owner);
  const row = known.open.get(owner);
  const aspects = histograms.aspectsOf(owner);
  const histogram = histograms.explain(owner);
  const [first, isNative] = [histograms.firstId(owner), histograms.isNative(owner)];
  return {
    route: lane?.route ?? null,
    model_summary: lane?.summary ?? '',
    kind: isNative ? histograms.countKind(owner) : known.kind(owner),
    state: lane?.scorer.explain(owner) ?? null,
    route_cut: lane && !isFixed(lane) ? budgets.cut(cluster, lane.route) : 1,
    route_spent: lane ? budgets.isSpent(cluster, lane) : false,
    open: row ? openShown(row) : null,
    feedback: aspects.flatMap((which) => expected.of(cluster, histograms.labels(owner, which))),
    seen: watch?.of(owner, itself) ?? null,
    histogram,
    quantiles: aspects
      .filter((which) => which !== itself)
      .map((which) => ({
        quantile: String(quantiles[which]),
        kind: histograms.kind(owner),
        state: (first < 0 ? undefined : lane?.quantiles.explain(first + which)) ?? null,
        seen: watch?.of(owner, which) ?? null,
      })),
  };
}

function openShown({ which, subject, data, hushed }: OpenAnomaly): OpenShown {
  const { kind, direction, start, score } = data;
  const quantile = which === itself ? null : String(quantiles[which]);
  return { anomaly: subject, quantile, kind, direction, start, score, hushed };
}

/** What became of a sample, in words. */
export const fateWords: Readonly<Record<Fate, string>> = {
  quiet: 'it never moved, so there is nothing to be strange against',
  late: 'not newer than the one before: not scored',
  missing: 'no number: not scored',
  stale: 'the series ended',
  primed: 'the first of a counter, which has no rate yet',
  failed: 'the model failed on it',
  'warming-up': 'too few samples yet to say what is rare',
  'below-cut': 'not strange enough',
  'after-gap': 'strange, but right after a gap nothing alarms',
  resting: 'strange, but it alarmed a short while ago and this is not much stronger',
  'too-small':
    'strange, but the change is too small for what it measures, or in a harmless direction',
  told: 'an anomaly was told',
  open: 'belongs to the anomaly that is open',
  beside: 'strange, but an anomaly of the same histogram is open already',
  withheld: 'strange, but withheld: the budget of its route and cluster was spent on stronger ones',
  expected: 'strange, but expected: somebody marked this shape',
};
