import type { Series, Span } from './corpora.ts';

/**
 * VUS-PR (Paparrizos et al., VLDB 2022): area under precision and recall, averaged over buffers of
 * 0 to L rows around events. Written from the formulas; L is the period, not twice the period.
 */
const thresholds = 250;

/** The lag with the highest local maximum of the autocorrelation, 125 when there is none. */
export function periodOf(values: ArrayLike<number>): number {
  const x = Float64Array.from(values).slice(0, 20_000);
  let last = 0;
  for (let i = 0; i < x.length; i++) {
    if (Number.isNaN(x[i]!)) x[i] = last;
    last = x[i]!;
  }
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  for (let i = 0; i < x.length; i++) x[i]! -= mean;
  const correlation = new Float64Array(401);
  for (let lag = 0; lag <= 400; lag++) {
    let sum = 0;
    for (let i = lag; i < x.length; i++) sum += x[i]! * x[i - lag]!;
    correlation[lag] = sum;
  }
  let best = -1;
  for (let lag = 4; lag < 400; lag++) {
    const c = correlation[lag]!;
    const isPeak = c > correlation[lag - 1]! && c > correlation[lag + 1]!;
    if (isPeak && (best < 0 || c > correlation[best]!)) best = lag;
  }
  return best < 6 || best > 303 ? 125 : best;
}

/** For each row the first of the descending cuts that flags it. */
function bucketsOf(scores: ArrayLike<number>): { bucket: Int32Array; flagged: Float64Array } {
  const n = scores.length;
  const sorted = Float64Array.from(scores).sort().reverse();
  const cuts = Float64Array.from(
    { length: thresholds },
    (_, k) => sorted[Math.floor((k * (n - 1)) / (thresholds - 1))]!,
  );
  const bucket = new Int32Array(n);
  const flagged = new Float64Array(thresholds);
  for (let i = 0; i < n; i++) {
    let [low, high] = [0, thresholds - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (scores[i]! >= cuts[middle]!) high = middle;
      else low = middle + 1;
    }
    bucket[i] = low;
    flagged[low]!++;
  }
  return { bucket, flagged };
}

/** Soft labels around events for one buffer: rows outside of events with weight > 0. */
function bufferOf(spans: readonly Span[], inside: Uint8Array, buffer: number): Map<number, number> {
  const soft = new Map<number, number>();
  const half = Math.floor(buffer / 2);
  const add = (row: number, weight: number) => {
    if (row < 0 || row >= inside.length || inside[row] === 1) return;
    soft.set(row, Math.min(1, (soft.get(row) ?? 0) + weight));
  };
  for (const [start, end] of spans) {
    for (let d = 1; d <= half; d++) {
      const weight = Math.sqrt(1 - d / buffer);
      add(start - d, weight);
      add(end + d, weight);
    }
  }
  return soft;
}

function extended(spans: readonly Span[], half: number, n: number): Span[] {
  const merged: [number, number][] = [];
  for (const [start, end] of spans) {
    const from = Math.max(0, start - half);
    const to = Math.min(n - 1, end + half);
    const last = merged.at(-1);
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** NaN when the series has no event. */
export function vusPr(series: Series, scores: ArrayLike<number>): number {
  const n = scores.length;
  const { spans } = series;
  if (spans.length === 0) return Number.NaN;
  const length = periodOf(series.values);
  const { bucket, flagged } = bucketsOf(scores);
  const inside = new Uint8Array(n);
  for (const [start, end] of spans) inside.fill(1, start, end + 1);
  const positives = inside.reduce((a, b) => a + b, 0);
  const insideAt = new Float64Array(thresholds);
  for (let i = 0; i < n; i++) if (inside[i] === 1) insideAt[bucket[i]!]!++;
  let volume = 0;
  for (let buffer = 0; buffer <= length; buffer++) {
    const softAt = new Float64Array(thresholds);
    for (const [row, weight] of bufferOf(spans, inside, buffer)) softAt[bucket[row]!]! += weight;
    const events = extended(spans, Math.floor(buffer / 2), n);
    const metAt = new Float64Array(thresholds);
    for (const [from, to] of events) {
      let first = thresholds - 1;
      for (let i = from; i <= to; i++) first = Math.min(first, bucket[i]!);
      metAt[first]!++;
    }
    let [rows, hits, soft, met, before, area] = [0, 0, 0, 0, 0, 0];
    for (let k = 0; k < thresholds; k++) {
      rows += flagged[k]!;
      hits += insideAt[k]!;
      soft += softAt[k]!;
      met += metAt[k]!;
      const recall = Math.min((hits + soft) / (positives + soft / 2), 1) * (met / events.length);
      if (rows > 0) area += (recall - before) * ((hits + soft) / rows);
      before = recall;
    }
    volume += area;
  }
  return volume / (length + 1);
}
