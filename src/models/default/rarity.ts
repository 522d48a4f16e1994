import type { Sample } from '../../engine/model.ts';
import { roughLog2, shareThenAdd } from '../tail.ts';
import type { State } from './layout.ts';
import * as layout from './layout.ts';
import type { Now } from './now.ts';

// A module's own constants are compiled in, imported ones are read anew each time.
const { count, countsAt, float, floatsAt, recentMost } = layout;

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

/** Finds `now.rarity` by the residuals of the sample; teaches their scales and tails. */
export function rarities(st: State, at: number, clip: number, now: Now): void {
  const f = st.floats;
  const c = st.counts;
  const scales = floatsAt(at) + float.scale;
  const tails = countsAt(at) + count.tails;
  const { seasoned, shares } = now;
  let rarity = 1;
  for (let k = short; k <= long; k++) {
    if (k === seasonal && !seasoned) continue;
    const share = k === seasonal ? now.seasonedShare : now.share;
    const residual = k === short ? now.fromShort : k === seasonal ? now.fromSeason : now.fromLong;
    const size = Math.abs(residual);
    const scale = f[scales + k]!;
    const here = k === seasonal ? now.seasonScale : scale;
    const found = shareThenAdd(c, tails + k * count.tail, here > 0 ? size / here : 0);
    shares[k] = found;
    rarity *= found;
    const taught = scale > 0 && share < 0.05 ? Math.min(size, clip * scale) : size;
    const pace = taught < calm * scale ? calmPace : pacePerSample;
    const next = scale + (taught - scale) * Math.max(pace, share);
    f[scales + k] = next < tiny ? 0 : next;
  }
  now.rarity = rarity < 1 ? -Math.log10(rarity) : 0;
}

/**
 * Finds `now.size` on a log scale, 1 at six scales: how far the value lies from what the better of season
 * and long mean expects, or from the short mean where that is better still. What is rare but small
 * is of no concern.
 */
export function effect(f: Float32Array, o: number, now: Now): void {
  const { seasonScale } = now;
  const longScale = f[o + float.scale + long]!;
  const isSeason = now.seasoned && seasonScale < longScale;
  const scale = isSeason ? seasonScale : longScale;
  if (!(scale > 0)) {
    now.size = 0;
    return;
  }
  const size = Math.abs(isSeason ? now.fromSeason : now.fromLong) / scale;
  // A short mean follows anything: it counts for no more than twice as good as the others.
  const shortScale = Math.max(f[o + float.scale + short]!, scale / 2);
  const most = shortScale < scale ? Math.max(size, Math.abs(now.fromShort) / shortScale) : size;
  now.size = roughLog2(1 + most) / sixScales;
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
