import type { Sample } from '../../engine/model.ts';
import { roughLog2, shareThenAdd } from '../tail.ts';
import * as layout from './layout.ts';
import type { Now } from './now.ts';

// A module's own constants are compiled in, imported ones are read anew each time.
const { count, float, recentMost } = layout;

/** Rarity of the newest sample: residuals in robust scales, through the tails of their own past. */
const pacePerSample = 1 / 100;
/** Residuals below this part of the scale shrink it slowly: what moves seldom is still known to. */
const calm = 0.2;
const calmPace = 1 / 1000;
const sixScales = Math.log2(7);
/** Numbers near the end of the range of floats are slow to compute with. */
const tiny = 1e-30;

/** Residuals, by the scale and tail of each. */
const short = 0;
const seasonal = 1;
const long = 2;

/** Sum of the rarities of the sample's residuals, times the size of its effect; teaches them. */
export function rarities(
  f: Float32Array,
  o: number,
  c: Uint16Array,
  oc: number,
  clip: number,
  now: Now,
): void {
  const { y, residual, seasoned } = now;
  const fromShort = y - f[o + float.fast]!;
  const fromLong = y - f[o + float.long]!;
  const size = effect(f, o, fromShort, seasoned ? residual : Number.NaN, fromLong);
  let share = 1;
  for (let k = short; k <= long; k++) {
    if (k === seasonal && !seasoned) continue;
    const one = k === seasonal ? now.seasonedShare : now.share;
    const distance = k === short ? fromShort : k === seasonal ? residual : fromLong;
    share *= shareOf(
      f,
      o + float.scale + k,
      c,
      oc + count.tails + k * count.tail,
      distance,
      clip,
      one,
    );
  }
  now.sum = share < 1 ? -Math.log10(share) * size : 0;
}

/**
 * How rare a residual of this size is, as a share; learns its scale f[at] and its tail. `share` =
 * weight of one more value while there are few.
 */
function shareOf(
  f: Float32Array,
  at: number,
  c: Uint16Array,
  tail: number,
  residual: number,
  clip: number,
  share: number,
): number {
  const size = Math.abs(residual);
  const scale = f[at]!;
  const rarity = shareThenAdd(c, tail, scale > 0 ? size / scale : 0);
  const taught = scale > 0 && share < 0.05 ? Math.min(size, clip * scale) : size;
  const pace = taught < calm * scale ? calmPace : pacePerSample;
  const next = scale + (taught - scale) * Math.max(pace, share);
  f[at] = next < tiny ? 0 : next;
  return rarity;
}

/**
 * Effect size on a log scale, 1 at six scales: how far the value lies from what the better of season
 * (NaN: there is none yet) and long mean expects, or from the short mean where that is better still.
 * What is rare but small is of no concern.
 */
function effect(
  f: Float32Array,
  o: number,
  fromShort: number,
  fromSeason: number,
  fromLong: number,
): number {
  const seasonScale = f[o + float.scale + seasonal]!;
  const longScale = f[o + float.scale + long]!;
  const isSeason = !Number.isNaN(fromSeason) && seasonScale < longScale;
  const scale = isSeason ? seasonScale : longScale;
  const size = magnitude(isSeason ? fromSeason : fromLong, scale);
  // A short mean follows anything: it counts for no more than twice as good as the others.
  const shortScale = Math.max(f[o + float.scale + short]!, scale / 2);
  return shortScale < scale ? Math.max(size, magnitude(fromShort, shortScale)) : size;
}

function magnitude(residual: number, scale: number): number {
  return scale > 0 ? roughLog2(1 + Math.abs(residual) / scale) / sixScales : 0;
}

/** Mean of the newest sums of rarities over so many minutes, five samples at most. */
export function persistent(
  f: Float32Array,
  o: number,
  sum: number,
  s: Sample,
  minutes: number,
): number {
  const window = s.interval > 0 ? Math.round((minutes * 60_000) / s.interval) : 1;
  const wide = Math.max(1, Math.min(recentMost, window));
  const at = o + float.recent;
  let total = sum;
  for (let k = 0; k < wide - 1; k++) total += f[at + k]!;
  f[at + 3] = f[at + 2]!;
  f[at + 2] = f[at + 1]!;
  f[at + 1] = f[at]!;
  f[at] = sum;
  return total / wide;
}
