/**
 * The period of a series from its own values: a run of evenly spaced ones is compared with itself,
 * some places later (autocorrelation). Pure functions.
 */

/** Values that are compared. */
export const length = 128;
/** A cycle must have been seen four times, and takes at least three places. */
const mostLag = length / 4;
const leastLag = 3;
/** Pairs without which a correlation says nothing. */
const leastPairs = 16;
const leastCorrelation = 0.7;
/** The correlation must have been so much lower at a smaller lag: slow noise has no such valley. */
const leastDepth = 0.3;
/** What it may lose at twice and three times the lag: a wave that loses its beat loses more. */
const mostLoss = [0.1, 0.15];
/** A lag is as good as the best one within this: the smallest such lag is the period. */
const asGood = 0.1;
/** Against the clock's cycle: shorter ones by a sixth of it are none that its 24 parts can show. */
const farShorter = 1 / 6;
/** What the clock's lag may correlate with where a longer cycle is believed, as a part. */
const mostOfClock = 0.4;
const same = 0.05;

const centred = new Float64Array(length);
/** By lag; NaN where not known yet. */
const known = new Float64Array(length);

/**
 * Places in a period of `values`, with a fraction; 0 when there is none. `clock`: places in the cycle
 * of the clock, which explains what correlates as well there.
 */
export function periodOf(values: ArrayLike<number>, clock: number): number {
  centre(values);
  drawIn();
  // Where one lay far out the middle was not the middle.
  centre(centred);
  drawIn();
  known.fill(Number.NaN);
  const lag = fundamental();
  if (lag === 0) return 0;
  const period = refined(lag);
  return isClocks(period, correlation(lag), clock) ? 0 : period;
}

function centre(values: ArrayLike<number>): void {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += values[i]!;
  for (let i = 0; i < length; i++) centred[i] = values[i]! - sum / length;
}

/** The two values farthest out are drawn in to the third: no cycle hangs on them. */
function drawIn(): void {
  let [first, second, third] = [0, 0, 0];
  for (let i = 0; i < length; i++) {
    const size = Math.abs(centred[i]!);
    if (size > first) [first, second, third] = [size, first, second];
    else if (size > second) [second, third] = [size, second];
    else if (size > third) third = size;
  }
  for (let i = 0; i < length; i++) centred[i] = Math.max(-third, Math.min(third, centred[i]!));
}

/** Of two stretches as long as can be, the second one `lag` places later. */
function correlation(lag: number): number {
  if (!Number.isNaN(known[lag]!)) return known[lag]!;
  const pairs = length - lag;
  let [a, b, aa, bb, ab] = [0, 0, 0, 0, 0];
  for (let i = 0; i < pairs; i++) {
    const first = centred[i]!;
    const second = centred[i + lag]!;
    a += first;
    b += second;
    aa += first * first;
    bb += second * second;
    ab += first * second;
  }
  const spread = (aa - (a * a) / pairs) * (bb - (b * b) / pairs);
  known[lag] = pairs >= leastPairs && spread > 0 ? (ab - (a * b) / pairs) / Math.sqrt(spread) : 0;
  return known[lag]!;
}

/** The lag with the highest correlation within `reach` of one. */
function peakNear(lag: number, reach: number): number {
  let peak = lag;
  const last = Math.min(lag + reach, length - leastPairs);
  for (let k = Math.max(1, lag - reach); k <= last; k++) {
    if (correlation(k) > correlation(peak)) peak = k;
  }
  return peak;
}

/** The smallest lag that repeats, of those that do so nearly as well as the best; 0: none does. */
function fundamental(): number {
  let lowest = correlation(1);
  let best = 0;
  const peaks: number[] = [];
  for (let lag = 2; lag <= mostLag; lag++) {
    const here = correlation(lag);
    const isPeak = here >= correlation(lag - 1) && here >= correlation(lag + 1);
    const isDeep = here - lowest >= leastDepth;
    lowest = Math.min(lowest, here);
    if (!isPeak || !isDeep || lag < leastLag || here < leastCorrelation || !repeats(lag)) continue;
    peaks.push(lag);
    best = Math.max(best, here);
  }
  return peaks.find((lag) => correlation(lag) >= best - asGood) ?? 0;
}

const repeats = (lag: number): boolean =>
  mostLoss.every((loss, k) => {
    const peak = peakNear((k + 2) * lag, k + 1);
    return correlation(peak) >= correlation(lag) - loss;
  });

/** A period from the peaks at multiples of a lag: the further away, the finer. */
function refined(lag: number): number {
  let period = lag;
  for (let k = 2; k < 8 && k * period <= 0.8 * length; k++) {
    const peak = peakNear(Math.round(k * period), 1);
    const top = correlation(peak);
    if (top < correlation(lag) / 2) break;
    const before = correlation(peak - 1);
    const after = peak + 1 < length - leastPairs ? correlation(peak + 1) : top;
    const bend = before - 2 * top + after;
    const beside = bend < 0 ? (before - after) / (2 * bend) : 0;
    period = (peak + Math.max(-0.5, Math.min(0.5, beside))) / k;
  }
  return period;
}

/** Whether the cycle of the clock has `period` as well, or may have it and cannot be seen yet. */
function isClocks(period: number, strength: number, clock: number): boolean {
  if (period <= clock * farShorter) return false;
  if (Math.abs(period / clock - 1) < same || clock > length - 2 * leastPairs) return true;
  const lag = Math.floor(clock);
  const part = clock - lag;
  const there = correlation(lag) + part * (correlation(lag + 1) - correlation(lag));
  return period < clock ? there > strength - asGood : there > strength * mostOfClock;
}
