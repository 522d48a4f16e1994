import { type Sample, weight } from '../../engine/model.ts';
import { excess, fadingExcess } from './envelope.ts';
import { float, levels } from './layout.ts';
import type { Parameters } from './parameters.ts';
import { dayMs } from './season.ts';

/** Soft records of the statistics, as terms, and what they amount to together. */
const levelSamples = [8, 32, 128] as const;
const levelPaces = levelSamples.map((samples) => 1 / samples);
const fade = 3e-4;
/**
 * Below this interval the same clock time holds more samples, and more chances for a record: cuts
 * grow by a part per octave, maturity and fading go by time.
 */
const fineMs = 300_000;
const perOctave = 0.2;
/** Terms below this part of their cut say nothing. */
const faint = 0.18;
/** Numbers near the end of the range of floats are slow to compute with. */
const tiny = 1e-30;

const paceOf = (k: number, steps: number): number =>
  steps === 1 ? levelPaces[k]! : weight(levelSamples[k]!, steps);

/** What fades in `steps` intervals. */
export const fadeOf = (interval: number, steps: number): number =>
  fade * steps * Math.min(1, interval / fineMs);

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
  let level = 0;
  let fading = 0;
  for (let k = 0; k < levels; k++) {
    const at = o + float.level + k;
    const pace = Math.max(paceOf(k, steps), share);
    const smooth = n === 0 ? y : f[at]! + (y - f[at]!) * pace;
    f[at] = smooth;
    const envelope = o + float.levelEnvelope + 3 * k;
    const mean = n === 0 ? y : f[envelope]!;
    level = Math.max(level, excess(f, envelope, n, share, f[at]!));
    if (k < 2) {
      const faded = o + float.fadingEnvelope + 2 * k;
      fading = Math.max(fading, fadingExcess(f, faded, mean, n, f[at]!, forget));
    }
  }
  terms[1] = level;
  terms[4] = fading;
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
  terms[2] = excess(f, o + float.seasonEnvelope, n, share, outside);
  let deviation = 0;
  for (let k = 0; k < levels; k++) {
    const at = o + float.deviation + k;
    const smooth = f[at]! + (outside - f[at]!) * paceOf(k, steps);
    f[at] = Math.abs(smooth) < tiny ? 0 : smooth;
    deviation = Math.max(
      deviation,
      excess(f, o + float.deviationEnvelope + 3 * k, n, share, f[at]!),
    );
  }
  terms[3] = deviation;
}

/** Terms become multiples of their cuts, less while young; returns their root of squares. */
export function fuse(terms: Float64Array, s: Sample, p: Parameters): number {
  if (!(terms[0]! + terms[1]! + terms[2]! + terms[3]! + terms[4]! + terms[5]! + terms[6]! > 0)) {
    return 0;
  }
  const { cuts } = p;
  const finer = s.interval > 0 && s.interval < fineMs ? fineMs / s.interval : 1;
  const fine = 1 / (1 + perOctave * Math.log2(finer));
  const young = fine / (1 + (p.maturity * finer) / (s.count + 1));
  const days = s.age / dayMs;
  const seasonYoung = young / (1 + 1 / Math.max(days - 1, 0.01));
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
