import { paced, type Sample } from '../../engine/model.ts';
import * as layout from './layout.ts';
import type { Now } from './now.ts';

// A module's own constants are compiled in, imported ones are read anew each time.
const { buckets, float } = layout;

/**
 * Of a cycle that was found in the series: how far it is off in each of its parts, as a sudden fall comes
 * a row early or late, and how well it holds. That is the slope of the values over what the cycle says
 * of them, both against the same level without it: 1 where it holds, 0 where they have nothing to do
 * with it; above a half it leaves smaller squares than the level does. A shift of the level adds nothing
 * to it, noise next to nothing. Below that it is in doubt and says nothing, until it holds again or
 * is given up.
 */
const leastSlope = 0.5;
const slopeAtFirst = 0.75;
/** Cycles over which the slope is a mean, and in doubt after which it is given up. */
const judgedCycles = 2;
const mostDoubt = 8;
/** What one that holds makes up for. */
const healing = 0.25;
/** Cycles of fewer rows are judged as if they had so many: an anomaly is as long as one of these. */
const leastRows = 48;
/** Slope of a single value at most, of those in a part that is one row long. */
const mostSlope = 2;
const scaleCycles = 5;
/** Residual of a part as steep as its neighbours are apart, in such steps. */
const ofSteps = 0.25;

/** After a gap, or in another pod, nobody knows where in its cycle a series is. */
export function doubt(f: Float32Array, o: number): void {
  beginOnce(f, o);
  f[o + float.slope] = 0;
}

function beginOnce(f: Float32Array, o: number): void {
  // What stands here of a series whose cycle was just found is of weekends: rows, from 0 on.
  if (f[o + float.doubt]! < 0) return;
  const season = o + float.season;
  for (let k = 0; k < buckets; k++) {
    const level = f[season + k]!;
    const before = Math.abs(level - f[season + (k === 0 ? buckets - 1 : k - 1)]!);
    const after = Math.abs(level - f[season + (k === buckets - 1 ? 0 : k + 1)]!);
    f[o + float.partScale + k] = ofSteps * Math.max(before, after);
  }
  f[o + float.slope] = slopeAtFirst;
  f[o + float.doubt] = -1;
}

/** Whether the cycle held so far; `level`: of its part now, `off`: how far the value lies from it. */
export function holds(f: Float32Array, o: number, level: number, off: number, s: Sample): boolean {
  beginOnce(f, o);
  const span = Math.max(s.cycle, leastRows * s.interval);
  const before = f[o + float.slope]!;
  learnSlope(f, o, level, off, s, span);
  const isHeld = before >= leastSlope;
  const cycles = ((isHeld ? -healing : 1) * s.interval * s.steps) / span;
  f[o + float.doubt] = Math.min(-1, f[o + float.doubt]! - cycles);
  return isHeld;
}

function learnSlope(
  f: Float32Array,
  o: number,
  level: number,
  off: number,
  { interval, cycle, steps }: Sample,
  span: number,
): void {
  const season = o + float.season;
  let sum = 0;
  let squares = 0;
  for (let k = season; k < season + buckets; k++) {
    const part = f[k]! - level;
    sum += part;
    squares += part * part;
  }
  const mean = sum / buckets;
  const spread = squares / buckets - mean * mean;
  // Relative to this part: what the cycle says of it is that it lies so far above the mean.
  const said = -mean;
  const weight = spread > 0 ? (said * said) / spread : 1;
  const most = mostSlope + cycle / buckets / interval;
  const slope = said === 0 ? 0 : Math.max(-most, Math.min(most, 1 + off / said));
  const pace = Math.min(0.5, weight * paced(interval / (judgedCycles * span), steps));
  f[o + float.slope]! += (slope - f[o + float.slope]!) * pace;
}

/** Whether it was in doubt for too long. */
export const isGivenUp = (f: Float32Array, o: number): boolean =>
  f[o + float.doubt]! <= -1 - mostDoubt;

/** The scale of residuals here: the usual one, or what this part and those beside it have beyond it. */
export function scaleAt(f: Float32Array, o: number, bucket: number): number {
  const at = o + float.partScale;
  const usual = f[o + float.scale + 1]!;
  const before = f[at + (bucket === 0 ? buckets - 1 : bucket - 1)]!;
  const after = f[at + (bucket === buckets - 1 ? 0 : bucket + 1)]!;
  return Math.max(usual, Math.max(before, f[at + bucket]!, after) - usual);
}

/** Learns how far the season was off in this part. */
export function learnScale(f: Float32Array, o: number, s: Sample, now: Now, clip: number): void {
  const at = o + float.partScale + now.bucket;
  const taught = Math.min(Math.abs(now.fromSeason), clip * now.seasonScale);
  const rows = Math.max(1, s.cycle / buckets / s.interval);
  f[at]! += (taught - f[at]!) / (scaleCycles * rows);
}

/** For people: whether the cycle of the series is in doubt, and the season's scale here. */
export function ownSeason(
  f: Float32Array,
  o: number,
  own: boolean,
  bucket: number,
): Pick<Now, 'doubted' | 'seasonScale'> {
  const isJudged = own && f[o + float.doubt]! < 0;
  return {
    doubted: isJudged && f[o + float.slope]! < leastSlope,
    seasonScale: isJudged ? scaleAt(f, o, bucket) : f[o + float.scale + 1]!,
  };
}
