import { paced, type Sample } from '../../engine/model.ts';
import * as layout from './layout.ts';
import type { Now } from './now.ts';

// A module's own constants are compiled in, imported ones are read anew each time.
const { buckets, count, float } = layout;

/**
 * Season: the mean of each hour of the day over about five days, of rows half a day apart and more
 * that of each day of the week over five weeks; and an offset of the level that follows within about
 * 100 samples. Residuals that teach are clipped, so that an anomaly does
 * not become the season.
 */
const hourMs = 3_600_000;
export const dayMs = 86_400_000;
const memoryCycles = 5;
const offsetPace = 1 / 100;

/** A cycle in so many buckets of equal length. */
export interface Cycle {
  readonly buckets: number;
  readonly bucketMs: number;
  readonly cycleMs: number;
}

const dayCycle: Cycle = { buckets, bucketMs: hourMs, cycleMs: dayMs };
const weekCycle: Cycle = { buckets: 7, bucketMs: dayMs, cycleMs: 7 * dayMs };

/** The season that samples so far apart can show: hours of the day, else days of the week. */
export const cycleOf = (interval: number): Cycle => (interval < dayMs / 2 ? dayCycle : weekCycle);

/** Where in its cycle a time lies, UTC. */
export function bucketOf({ buckets, bucketMs }: Cycle, time: number): number {
  const count = Math.floor(time / bucketMs);
  return count - buckets * Math.floor(count / buckets);
}

/** Whether rows of this cycle are so coarse that the season moves between two of them. */
export const isCoarse = (cycle: Cycle, interval: number): boolean =>
  cycle === dayCycle && interval > 0.45 * hourMs;

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
  { y, bucket, weekend, seasoned }: Now,
  clipped: number,
): void {
  const perBucket = s.interval > 0 ? cycleOf(s.interval).bucketMs / s.interval : 1;
  if (seasoned) f[o + float.offset]! += clipped * paced(offsetPace, s.steps);
  if (weekend) return;
  const at = o + float.season + bucket;
  const visits = c[oc + count.visits + bucket]!;
  if (visits === 0) f[at] = y;
  const error = visits < perBucket ? y - f[o + float.offset]! - f[at]! : clipped;
  f[at]! += error / Math.min(visits + 1, memoryCycles * Math.max(perBucket, 1));
  if (visits < 65_535) c[oc + count.visits + bucket] = visits + 1;
}
