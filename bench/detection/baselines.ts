import type { Series } from './corpora.ts';
import { probation } from './nab-scorer.ts';

/** Detectors that know nothing: no figure goes out without them beside it. */

/** 1 on every k-th row after probation, k = round(share of the rows). */
export function clock(series: Series, share: number): Uint8Array {
  const n = series.values.length;
  const step = Math.round(share * n);
  const start = probation(n);
  return Uint8Array.from({ length: n }, (_, i) => (i >= start && (i - start) % step === 0 ? 1 : 0));
}

/** 1 where the value is above or below all earlier ones, at most once in `coolDown` rows. */
export function newRecord(series: Series, coolDown = 0): Uint8Array {
  const flags = new Uint8Array(series.values.length);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < flags.length; i++) {
    const x = series.values[i]!;
    if (Number.isNaN(x)) continue;
    const isRecord = i > 0 && (x > high || x < low);
    if (isRecord && i - last > coolDown) {
      flags[i] = 1;
      last = i;
    }
    high = Math.max(high, x);
    low = Math.min(low, x);
  }
  return flags;
}

/** 1 at each point label, `late` rows after it. */
export function oracle(series: Series, late = 0): Uint8Array {
  const flags = new Uint8Array(series.values.length);
  for (const point of series.points) flags[Math.min(point + late, flags.length - 1)] = 1;
  return flags;
}
