import { paced, type Sample } from '../../engine/model.ts';
import { excess, fadingExcess } from './envelope.ts';
import * as layout from './layout.ts';
import type { Parameters } from './parameters.ts';
import { cycleOf } from './season.ts';

// A module's own constants are compiled in, imported ones are read anew each time.
const { float } = layout;

/** Soft records of the statistics, as terms, and what they amount to together. */
const levelPace = 1 / 32;
const slowLevelPace = 1 / 128;
const fade = 3e-4;
/**
 * Below this interval the same clock time holds more samples, and more chances for a record: cuts
 * grow by a part per octave, maturity and fading go by time.
 */
const fineMs = 300_000;
const perOctave = 0.2;
/** Terms below this part of their cut say nothing. */
const faint = 0.18;
/** Samples before which a record says nothing: the next one is a record as often as not. */
const least = 12;
/** Numbers near the end of the range of floats are slow to compute with. */
const tiny = 1e-30;

/** What fades in `steps` intervals. */
export const fadeOf = (interval: number, steps: number): number =>
  fade * steps * (interval >= fineMs ? 1 : interval / fineMs);

/** Terms of value, level and fading level; `share` = 1 / (values so far). */
export function records(
  f: Float32Array,
  o: number,
  n: number,
  share: number,
  y: number,
  steps: number,
  forget: number,
  terms: Float64Array,
): void {
  terms[0] = excess(f, o + float.valueEnvelope, n, share, y);
  const level = f[o + float.level]!;
  const next = level + (y - level) * Math.max(paced(levelPace, steps), share);
  f[o + float.level] = next;
  const mean = n === 0 ? y : f[o + float.levelEnvelope]!;
  const record = excess(f, o + float.levelEnvelope, n, share, next);
  const slow = f[o + float.slowLevel]!;
  const nextSlow = slow + (y - slow) * Math.max(paced(slowLevelPace, steps), share);
  f[o + float.slowLevel] = nextSlow;
  terms[1] = Math.max(record, excess(f, o + float.slowLevelEnvelope, n, share, nextSlow));
  terms[4] = fadingExcess(f, o + float.fadingEnvelope, mean, n, next, forget);
}

/** Terms of what lies outside of the season; `share` as above, of seasoned values. */
export function seasonRecords(
  f: Float32Array,
  o: number,
  n: number,
  share: number,
  outside: number,
  steps: number,
  terms: Float64Array,
): void {
  // Mostly zero: the noise of the season says what a distance is.
  const least = 2 * f[o + float.scale + 1]!;
  terms[2] = excess(f, o + float.seasonEnvelope, n, share, outside, least);
  const before = f[o + float.deviation]!;
  const smooth = before + (outside - before) * paced(levelPace, steps);
  const deviation = Math.abs(smooth) < tiny ? 0 : smooth;
  f[o + float.deviation] = deviation;
  terms[3] = excess(f, o + float.deviationEnvelope, n, share, deviation);
}

/** Terms become multiples of their cuts, less while young; returns their root of squares. */
export function fuse(terms: Float64Array, s: Sample, p: Parameters): number {
  if (!(terms[0]! + terms[1]! + terms[2]! + terms[3]! + terms[4]! + terms[5]! + terms[6]! > 0)) {
    return 0;
  }
  if (s.count < least) {
    terms.fill(0);
    return 0;
  }
  const { cuts } = p;
  const finer = s.interval > 0 && s.interval < fineMs ? fineMs / s.interval : 1;
  const fine = 1 / (1 + perOctave * Math.log2(finer));
  const young = fine / (1 + (p.maturity * finer) / (s.count + 1));
  const cycles = s.age / cycleOf(s.interval).cycleMs;
  const seasonYoung = young / (1 + 1 / Math.max(cycles - 1, 0.01));
  terms[0]! *= young / cuts.value;
  terms[1]! *= young / cuts.level;
  terms[2]! *= seasonYoung / cuts.season;
  terms[3]! *= seasonYoung / cuts.deviation;
  terms[4]! *= young / cuts.fading;
  terms[5]! *= young / cuts.word;
  terms[6]! *= young / cuts.block;
  let sum = 0;
  for (let k = 0; k < 7; k++) {
    const q = terms[k]!;
    if (q > faint) sum += q * q;
  }
  return Math.sqrt(sum);
}
