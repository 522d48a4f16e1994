import { paced, type Sample } from '../../engine/model.ts';
import * as layout from './layout.ts';
import type { Now } from './now.ts';

// A module's own constants are compiled in, imported ones are read anew each time.
const { buckets, count, float } = layout;

/**
 * Season: the mean of each hour of the day over about five days, of rows half a day apart and more
 * that of each day of the week over five weeks, of a cycle found in the series that of its 24 parts;
 * and an offset of the level that follows within about 100 samples. Residuals that teach are clipped,
 * so that an anomaly does not become the season.
 */
const hourMs = 3_600_000;
export const dayMs = 86_400_000;
const memoryCycles = 5;
/** The same of a cycle that is in doubt: where it moved to is learnt at once. */
const doubtedCycles = 1;
const offsetPace = 1 / 100;
/** Greatest size of what the floats hold. */
const most = 1e34;
/** Cycles that the shape of a new one was seen in. */
const shownCycles = 4;

/** A cycle in so many buckets of equal length. */
export interface Cycle {
  readonly buckets: number;
  readonly bucketMs: number;
  readonly cycleMs: number;
}

const dayCycle: Cycle = { buckets, bucketMs: hourMs, cycleMs: dayMs };
const weekCycle: Cycle = { buckets: 7, bucketMs: dayMs, cycleMs: 7 * dayMs };

/** Of the series at hand, where it has one of its own. */
const ownCycle = { buckets, bucketMs: 1, cycleMs: 1 };

/**
 * The cycle that was found in the series; else the season that samples so far apart can show: hours
 * of the day, or days of the week.
 */
export function cycleOf({ interval, cycle }: Pick<Sample, 'interval' | 'cycle'>): Cycle {
  if (cycle > 0) {
    ownCycle.cycleMs = cycle;
    ownCycle.bucketMs = cycle / buckets;
    return ownCycle;
  }
  return interval < dayMs / 2 ? dayCycle : weekCycle;
}

/** From a whole cycle on: one that was found has been seen four times. */
export const isSeasoned = (cycle: Cycle, age: number): boolean =>
  cycle === ownCycle || age >= cycle.cycleMs;

/** A cycle of its own takes the place of the clock's: its shape is known, what lies outside is not. */
export function renewSeason(
  f: Float32Array,
  o: number,
  c: Uint16Array,
  oc: number,
  s: Sample,
  origin: number,
): void {
  const perBucket = s.cycle / buckets / s.interval;
  for (let k = 0; k < buckets; k++) {
    const mean = s.shape![k]!;
    const isKnown = !Number.isNaN(mean);
    const off = Math.max(-most, Math.min(most, mean - origin));
    f[o + float.season + k] = isKnown ? off : 0;
    c[oc + count.visits + k] = isKnown ? Math.max(1, Math.round(shownCycles * perBucket)) : 0;
  }
  f[o + float.offset] = 0;
  f[o + float.drift] = 0;
  f[o + float.deviation] = 0;
  f[o + float.doubt] = 0;
  c[oc + count.seasoned] = 0;
  const tail = oc + count.tails + count.tail;
  c.fill(0, tail, tail + count.tail);
}

/** The cycle of its own is given up: that of the clock takes its place, and nothing is known of it. */
export function dropSeason(f: Float32Array, o: number, c: Uint16Array, oc: number): void {
  f.fill(0, o + float.season, o + float.width);
  f[o + float.offset] = 0;
  f[o + float.deviation] = 0;
  c.fill(0, oc + count.visits, oc + count.visits + buckets);
  c[oc + count.seasoned] = 0;
  const tail = oc + count.tails + count.tail;
  c.fill(0, tail, tail + count.tail);
}

/** Where in a cycle a time lies, UTC. */
export interface Moment {
  readonly bucket: number;
  /** Saturday or Sunday. */
  readonly isWeekend: boolean;
}

/** Of the newest sample, and from when to when it holds; only by the clock's own cycles. */
const moment = { bucket: 0, isWeekend: false, begin: 0, end: 0 };
let momentCycle: Cycle | undefined;

/** One object, overwritten by each call. Most samples lie in the same hour as the one before. */
export function momentOf(cycle: Cycle, time: number): Moment {
  const isSame = cycle === momentCycle && time >= moment.begin && time < moment.end;
  if (!isSame) move(cycle, time);
  return moment;
}

function move(cycle: Cycle, time: number): void {
  const { buckets, bucketMs } = cycle;
  const count = Math.floor(time / bucketMs);
  moment.bucket = count - buckets * Math.floor(count / buckets);
  // Days since a Monday, 1969-12-29.
  moment.isWeekend = (Math.floor(time / dayMs) + 3) % 7 >= 5;
  momentCycle = cycle === ownCycle ? undefined : cycle;
  moment.begin = count * bucketMs;
  moment.end = moment.begin + bucketMs;
}

/** Whether rows of this cycle are so coarse that the season moves between two of them. */
export const isCoarse = (cycle: Cycle, interval: number): boolean =>
  cycle !== weekCycle && interval > 0.45 * cycle.bucketMs;

/**
 * Level of a bucket, without the offset; the long mean where the hour was never seen. `weekend`:
 * that of a weekend.
 */
export function seasonAt(
  f: Float32Array,
  o: number,
  c: Uint16Array,
  oc: number,
  bucket: number,
  weekend: boolean,
): number {
  const seen = c[oc + count.visits + bucket]! > 0;
  const level = seen ? f[o + float.season + bucket]! : f[o + float.long]!;
  return weekend ? level + f[o + float.weekend + bucket]! : level;
}

/** Distance of `y` to what the season is in this hour and the two beside it: 0 between them. */
export function outsideSeason(
  f: Float32Array,
  o: number,
  c: Uint16Array,
  oc: number,
  cycle: Cycle,
  { y, bucket, weekend }: Now,
): number {
  const last = cycle.buckets - 1;
  const offset = f[o + float.offset]!;
  const before = seasonAt(f, o, c, oc, bucket === 0 ? last : bucket - 1, weekend);
  const now = seasonAt(f, o, c, oc, bucket, weekend);
  const after = seasonAt(f, o, c, oc, bucket === last ? 0 : bucket + 1, weekend);
  const upper = Math.max(before, now, after) + offset;
  if (y > upper) return y - upper;
  const lower = Math.min(before, now, after) + offset;
  return y < lower ? y - lower : 0;
}

/** Learns the value; `clipped` is what of its residual may teach. */
export function learnSeason(
  f: Float32Array,
  o: number,
  c: Uint16Array,
  oc: number,
  s: Sample,
  { y, bucket, weekend, seasoned, doubted }: Now,
  clipped: number,
): void {
  const perBucket = s.interval > 0 ? cycleOf(s).bucketMs / s.interval : 1;
  if (seasoned) f[o + float.offset]! += clipped * paced(offsetPace, s.steps);
  if (weekend) return;
  const at = o + float.season + bucket;
  const visits = c[oc + count.visits + bucket]!;
  if (visits === 0) f[at] = y;
  const error = visits < perBucket ? y - f[o + float.offset]! - f[at]! : clipped;
  f[at]! +=
    error / Math.min(visits + 1, (doubted ? doubtedCycles : memoryCycles) * Math.max(perBucket, 1));
  if (visits < 65_535) c[oc + count.visits + bucket] = visits + 1;
}
