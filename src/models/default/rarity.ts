import type { Sample } from '../../engine/model.ts';
import { roughLog2, shareThenAdd, tailWidth } from '../tail.ts';
import { count, float, recentMost } from './layout.ts';

/** Rarity of the newest sample: residuals in robust scales, through the tails of their own past. */
const scaleSamples = 100;
const sixScales = Math.log2(7);
/** Numbers near the end of the range of floats are slow to compute with. */
const tiny = 1e-30;

/**
 * How rare a residual of this size is, as a share; learns its scale and tail. Residual k: 0 short,
 * 1 seasonal, 2 long. `share` = weight of one more value while there are few.
 */
export function shareOf(
  f: Float32Array,
  o: number,
  c: Uint16Array,
  oc: number,
  k: number,
  residual: number,
  clip: number,
  share: number,
): number {
  const size = Math.abs(residual);
  const at = o + float.scale + k;
  const scale = f[at]!;
  const rarity = shareThenAdd(c, oc + count.tails + k * tailWidth, scale > 0 ? size / scale : 0);
  const taught = scale > 0 && share < 0.05 ? Math.min(size, clip * scale) : size;
  const next = scale + (taught - scale) * Math.max(1 / scaleSamples, share);
  f[at] = next < tiny ? 0 : next;
  return rarity;
}

/** Effect size on a log scale: 1 at six long scales. What is rare but small is of no concern. */
export function magnitude(residual: number, scale: number): number {
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
