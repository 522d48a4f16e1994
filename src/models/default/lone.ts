import type { Sample } from '../../engine/model.ts';
import { askedByDefault, neededRarity } from '../budget.ts';
import * as layout from './layout.ts';
import type { Now } from './now.ts';

// A module's own constants are compiled in, imported ones are read anew each time.
const { count, loneShift } = layout;

/**
 * A lone sample at fine intervals, which a mean over minutes holds back. All three residuals see the
 * same, so it is as rare as the least rare of them; how rare it must be goes up with how many strong
 * ones the series had lately, alarm or not: a spiky series is left to persistence.
 */
const longest = 200_000;
/** Rarities count by the size of the effect, 1 at six scales, up to this. */
const mostSize = 1.2;
const weight = 1.1;
/** Strong ones that are no habit, and what each one more adds to what is needed. */
const free = 4;
const perHabit = 0.1;
const strong = 2;
/** The strong ones of the last 4096 samples or so: an eighth is forgotten after each 512. */
const forgetMask = 511;
const most = 1023;

/** Term 7, in multiples of the cut; learns how often the series has such samples. */
export function lone(
  c: Uint16Array,
  oc: number,
  s: Sample,
  { rarity: product, shares, seasoned, size }: Now,
  terms: Float64Array,
): void {
  if (s.interval > longest) return;
  const at = oc + count.block;
  const forgets = (s.count & forgetMask) === forgetMask;
  if (product < 2 * strong && !forgets) return;
  const commonest = Math.max(shares[0]!, seasoned ? shares[1]! : 0, shares[2]!);
  const packed = c[at]!;
  let lones = packed >> loneShift;
  const before = lones;
  const rarity = -Math.log10(commonest);
  if (rarity * Math.min(size, 1) > strong && lones < most) lones++;
  if (forgets) lones -= (lones + 7) >> 3;
  c[at] = (lones << loneShift) | (packed & ((1 << loneShift) - 1));
  const needed =
    neededRarity(s.interval, askedByDefault) * (1 + perHabit * Math.max(0, before - free));
  const part = (weight * rarity * Math.min(size, mostSize)) / needed;
  // Cuts of records move with the asked rate, rarities by less: a square is a good match.
  terms[7] = part * part;
}
