import type { Result } from '../../engine/model.ts';
import * as layout from './layout.ts';

// A module's own constants are compiled in, imported ones are read anew each time.
const { count } = layout;

/**
 * The score that is told is at once that of a strange sample and falls slowly from there, so that an
 * anomaly of many samples stands out as a whole.
 */
const fall = 0.12;
/** It is kept in 16 bits, as so many parts of 1; what is above all of them counts as that. */
const parts = 128;
const most = 65_535;

/** Finds the score that is told after a sample whose own is `r.alone`. */
export function outlast(c: Uint16Array, oc: number, r: Pick<Result, 'alone' | 'score'>): void {
  const at = oc + count.score;
  const kept = c[at]!;
  const own = Math.min(most, r.alone * parts) | 0;
  // Without a branch: which way it goes is chance, and a wrong guess costs 20 ns.
  const falls = (own - kept) >>> 31;
  const before = kept / parts;
  const told = before + (r.alone - before) * (1 + falls * (fall - 1));
  c[at] = Math.min(most, told * parts);
  r.score = told;
}
