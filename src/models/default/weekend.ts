import type { Sample } from '../../engine/model.ts';
import * as layout from './layout.ts';
import type { Now } from './now.ts';
import { type Cycle, dayMs, type Moment } from './season.ts';

// A module's own constants are compiled in, imported ones are read anew each time.
const { float } = layout;

/**
 * What the hours of Saturday and Sunday (UTC) lie above the same hours of all days, over about three
 * days. It has to win before it counts: only where it brings weekends nearer to what was expected, by
 * a part of the season's scale, in the mean of two days.
 */
const memoryDays = 3;
const gainDays = 2;
const leastGain = 0.3;
/** Scales beyond which a residual does not teach. */
const clip = 6;
const hourMs = dayMs / 24;

const hasHours = (cycle: Cycle): boolean => cycle.bucketMs === hourMs;

/** Whether the season at this time is that of a weekend. */
export function weekendCounts(
  f: Float32Array,
  o: number,
  cycle: Cycle,
  { isWeekend }: Moment,
): boolean {
  return (
    isWeekend && hasHours(cycle) && f[o + float.weekendGain]! > leastGain * f[o + float.scale + 1]!
  );
}

/** Learns what the hour of `s`, on a weekend, lies above the season. */
export function learnWeekend(
  f: Float32Array,
  o: number,
  cycle: Cycle,
  s: Sample,
  { bucket, weekend, fromSeason }: Now,
): void {
  if (!hasHours(cycle)) return;
  const perHour = hourMs / s.interval;
  const at = o + float.weekend + bucket;
  const rows = f[o + float.weekendRows]!;
  const above = weekend ? fromSeason + f[at]! : fromSeason;
  const rest = above - f[at]!;
  const limit = clip * f[o + float.scale + 1]!;
  const past = rows - 24 * perHour;
  const visits = Math.min(rows / 24 + 1, memoryDays * Math.max(perHour, 1));
  f[o + float.weekendRows] = rows + 1;
  if (!(past > 0)) {
    f[at]! += rest / visits;
    return;
  }
  const gain = Math.min(Math.abs(above), limit) - Math.min(Math.abs(rest), limit);
  const share = 1 / Math.min(past + 1, Math.max(gainDays * 24 * perHour, 1));
  f[o + float.weekendGain]! += (gain - f[o + float.weekendGain]!) * share;
  f[at]! += Math.max(-limit, Math.min(limit, rest)) / visits;
}
