import type { Series, Span } from './corpora.ts';

/** Measures of detection.md 4: `flags` are rows with a score >= the cut. */

/** Rows [from, to) of a series that count. */
export interface Part {
  readonly from: number;
  readonly to: number;
}

export type Half = 'all' | 'first' | 'second';

export function partOf(series: Series, half: Half): Part {
  const n = series.values.length;
  const middle = n >> 1;
  return { from: half === 'second' ? middle : 0, to: half === 'first' ? middle : n };
}

const dayMs = 86_400_000;
export const seriesDays = (series: Series, part: Part): number =>
  ((part.to - part.from) * series.interval) / dayMs;

export interface Counts {
  truePositive: number;
  falsePositive: number;
  falseNegative: number;
  events: number;
  caught: number;
  starts: number;
  startsInside: number;
  days: number;
  delays: number[];
}

export const noCounts = (): Counts => ({
  truePositive: 0,
  falsePositive: 0,
  falseNegative: 0,
  events: 0,
  caught: 0,
  starts: 0,
  startsInside: 0,
  days: 0,
  delays: [],
});

export const delayRows = 7;
const restRows = 20;

function countEvents(flags: ArrayLike<number>, spans: readonly Span[], cut: number, c: Counts) {
  for (const [start, end] of spans) {
    let first = -1;
    for (let i = start; i <= Math.min(start + delayRows, end) && first < 0; i++) {
      if (flags[i]! >= cut) first = i;
    }
    c.events++;
    if (first >= 0) {
      c.caught++;
      c.delays.push(first - start);
      c.truePositive += end - start + 1;
    } else c.falseNegative += end - start + 1;
  }
}

/**
 * Adds one series. An event belongs to the half that it starts in, its rows in the other half are
 * left out. An alarm starts at a flag with no alarm start in the 20 samples before.
 */
export function addCounts(
  series: Series,
  flags: ArrayLike<number>,
  cut: number,
  half: Half,
  c: Counts,
): Counts {
  const part = partOf(series, half);
  c.days += seriesDays(series, part);
  const own = series.spans.filter(([s]) => s >= part.from && s < part.to);
  countEvents(flags, own, cut, c);
  const inside = new Uint8Array(series.values.length);
  for (const [s, e] of series.spans) inside.fill(2, s, e + 1);
  for (const [s, e] of own) inside.fill(1, s, e + 1);
  let lastStart = Number.NEGATIVE_INFINITY;
  for (let i = part.from; i < part.to; i++) {
    if (!(flags[i]! >= cut) || inside[i] === 2) continue;
    if (inside[i] === 0) c.falsePositive++;
    if (i - lastStart <= restRows) continue;
    lastStart = i;
    c.starts++;
    if (inside[i] === 1) c.startsInside++;
  }
  return c;
}

export interface Figures {
  readonly f1: number;
  readonly eventF: number;
  readonly recall: number;
  readonly precision: number;
  readonly falsePerDay: number;
  readonly alarmsPerDay: number;
  readonly medianDelay: number;
}

export function figures(c: Counts): Figures {
  const precision = c.starts ? c.startsInside / c.starts : 0;
  const recall = c.events ? c.caught / c.events : 0;
  const delays = [...c.delays].sort((a, b) => a - b);
  return {
    f1: (2 * c.truePositive) / (2 * c.truePositive + c.falsePositive + c.falseNegative || 1),
    eventF: precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0,
    recall,
    precision,
    falsePerDay: (c.starts - c.startsInside) / c.days,
    alarmsPerDay: c.starts / c.days,
    medianDelay: delays[delays.length >> 1] ?? Number.NaN,
  };
}

export function measure(
  corpus: readonly Series[],
  scores: readonly ArrayLike<number>[],
  cut: number,
  half: Half,
): Figures {
  const counts = noCounts();
  corpus.forEach((series, k) => {
    addCounts(series, scores[k]!, cut, half, counts);
  });
  return figures(counts);
}

/** Cuts worth trying: quantiles of all scores, denser towards the top. */
export function cutsOf(scores: readonly ArrayLike<number>[], count = 120): number[] {
  const all = Float64Array.from(scores.flatMap((s) => Array.from(s).filter((x) => x > 0))).sort();
  const cuts = new Set<number>();
  for (let k = 0; k < count; k++) {
    const share = 10 ** (-0.7 - (4.3 * k) / count);
    cuts.add(all[Math.max(0, Math.floor(all.length * (1 - share)))]!);
  }
  return [...cuts].filter((cut) => cut !== undefined);
}

/** The cut with the best `of` on the first halves, judged on the second. */
export function swept(
  corpus: readonly Series[],
  scores: readonly ArrayLike<number>[],
  of: (figures: Figures) => number,
): { cut: number; figures: Figures } {
  let best = { cut: Number.POSITIVE_INFINITY, value: Number.NEGATIVE_INFINITY };
  for (const cut of cutsOf(scores)) {
    const value = of(measure(corpus, scores, cut, 'first'));
    if (value > best.value) best = { cut, value };
  }
  return { cut: best.cut, figures: measure(corpus, scores, best.cut, 'second') };
}
