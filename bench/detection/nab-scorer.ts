import type { Series } from './corpora.ts';

/**
 * NAB's scoring as its documentation states it (reference: numenta/NAB, scoring of Lavin and Ahmad
 * 2015), written from the formulas.
 */
export interface Profile {
  readonly name: 'standard' | 'low FP' | 'low FN';
  readonly falsePositive: number;
  readonly falseNegative: number;
}

export const profiles: readonly Profile[] = [
  { name: 'standard', falsePositive: 0.11, falseNegative: 1 },
  { name: 'low FP', falsePositive: 0.22, falseNegative: 1 },
  { name: 'low FN', falsePositive: 0.11, falseNegative: 2 },
];

/** Rows of a file that are not scored. */
export const probation = (rows: number): number => Math.min(Math.floor(0.15 * rows), 750);

const sigmoid = (y: number): number => 2 / (1 + Math.exp(5 * y)) - 1;
const full = sigmoid(-1);

/** Weight of row `i`: of its window when it is inside (`window` >= 0), else what it costs. */
function weightOf(series: Series, i: number): { window: number; weight: number } {
  let previous = -1;
  for (let k = 0; k < series.spans.length; k++) {
    const [left, right] = series.spans[k]!;
    if (i >= left && i <= right) {
      const y = -(right - i + 1) / (right - left + 1);
      return { window: k, weight: sigmoid(y) / full };
    }
    if (right < i) previous = k;
  }
  if (previous < 0) return { window: -1, weight: -1 };
  const [left, right] = series.spans[previous]!;
  const y = (i - right) / (right - left);
  return { window: -1, weight: y > 3 ? -1 : sigmoid(y) };
}

export interface NabScore {
  readonly threshold: number;
  readonly normalised: number;
  readonly raw: number;
  readonly hits: number;
  readonly falseRows: number;
}

interface Flag {
  readonly score: number;
  /** Index of the window over the whole corpus, -1 outside. */
  readonly window: number;
  readonly weight: number;
}

function flagsOf(corpus: readonly Series[], scores: readonly ArrayLike<number>[]): Flag[] {
  const flags: Flag[] = [];
  let base = 0;
  for (let f = 0; f < corpus.length; f++) {
    const series = corpus[f]!;
    for (let i = probation(series.values.length); i < series.values.length; i++) {
      const score = scores[f]![i]!;
      if (!(score > 0)) continue;
      const { window, weight } = weightOf(series, i);
      flags.push({ score, window: window < 0 ? -1 : base + window, weight });
    }
    base += series.spans.length;
  }
  return flags.sort((a, b) => b.score - a.score);
}

/**
 * The best score over all thresholds, or the one at `threshold`. A row is flagged when its score
 * is >= the threshold and > 0. `normalised` is never below 0.
 */
export function nabScore(
  corpus: readonly Series[],
  scores: readonly ArrayLike<number>[],
  profile: Profile,
  threshold?: number,
): NabScore {
  const windows = corpus.reduce((sum, series) => sum + series.spans.length, 0);
  const nothing = -windows * profile.falseNegative;
  const flags = flagsOf(corpus, scores);
  const best = new Float64Array(windows).fill(-1);
  let raw = nothing;
  let hits = 0;
  let falseRows = 0;
  const state = (at: number) => ({
    threshold: at,
    raw,
    hits,
    falseRows,
    normalised: windows === 0 ? 0 : Math.max(0, (100 * (raw - nothing)) / (windows - nothing)),
  });
  let top: NabScore = state(Number.POSITIVE_INFINITY);
  for (let i = 0; i < flags.length; ) {
    const score = flags[i]!.score;
    if (threshold !== undefined && score < threshold) break;
    for (; i < flags.length && flags[i]!.score === score; i++) {
      const { window, weight } = flags[i]!;
      if (window < 0) {
        raw += profile.falsePositive * weight;
        falseRows++;
      } else if (best[window]! < 0) {
        raw += weight + profile.falseNegative;
        best[window] = weight;
        hits++;
      } else if (weight > best[window]!) {
        raw += weight - best[window]!;
        best[window] = weight;
      }
    }
    if (threshold === undefined && raw > top.raw) top = state(score);
  }
  return threshold === undefined ? top : state(threshold);
}
