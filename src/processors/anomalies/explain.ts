import type { SeriesState } from '../../models/series-state.ts';
import type { OpenAnomaly } from './intervals.ts';
import type { Lane } from './lanes.ts';
import type { Fate, SeenSeries } from './watch.ts';

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
  readonly open: OpenShown | null;
  /** Shapes that were marked as expected, on it or its like. */
  readonly feedback: readonly object[];
  /** Since it is watched; null: no sample came. */
  readonly seen: SeenSeries | null;
}

interface OpenShown {
  readonly anomaly: string;
  readonly kind: string;
  readonly direction: string;
  readonly start: string;
  readonly score: number;
  /** Not told: expected by feedback. */
  readonly hushed: boolean;
}

export function openShown({ subject, data, hushed }: OpenAnomaly): OpenShown {
  const { kind, direction, start, score } = data;
  return { anomaly: subject, kind, direction, start, score, hushed };
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
  withheld: 'strange, but withheld: the budget of its route and cluster was spent on stronger ones',
  expected: 'strange, but expected: somebody marked this shape',
};
