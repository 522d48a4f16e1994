import * as layout from './layout.ts';

// A module's own constants are compiled in, imported ones are read anew each time.
const { count } = layout;

/**
 * The score that is told outlasts its sample: it rises by a part of the way and falls slowly, so that
 * an anomaly of many samples stands out as a whole, and one strange sample less than three in a row.
 */
const rise = 0.4;
const fall = 0.12;
/** Numbers near the end of the range of floats are slow to compute with. */
const tiny = 1e-30;

/** The upper half of a 32-bit float holds a number within 0.4 %. */
const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);
const half = 0x8000;

/** The told score after a sample of this `score` by itself. */
export function outlasting(c: Uint16Array, oc: number, score: number): number {
  const at = oc + count.score;
  bits[0] = c[at]! << 16;
  const before = float[0]!;
  const next = before + (score - before) * (score > before ? rise : fall);
  const told = next < tiny ? 0 : next;
  float[0] = told;
  c[at] = (bits[0]! + half) >>> 16;
  return told;
}
