import { paced, type Sample } from '../../engine/model.ts';
import { excess, fadingExcess } from './envelope.ts';
import type { State } from './layout.ts';
import * as layout from './layout.ts';
import type { Now } from './now.ts';
import type { Parameters } from './parameters.ts';
import { cycleOf, outsideSeason } from './season.ts';

// A module's own constants are compiled in, imported ones are read anew each time.
const { countsAt, float, floatsAt } = layout;

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
const fadeOf = (interval: number, steps: number): number =>
  fade * steps * (interval >= fineMs ? 1 : interval / fineMs);

/** Statistics, in the order of their envelopes. */
const value = 0;
const level = 1;
const slowLevel = 2;
const season = 3;
const deviation = 4;
/** Of the newest sample: the statistic, then how far it lies beyond its records. */
const found = new Float64Array(16);

/** Terms of value, level, season, deviation from it, and fading level; teaches them. */
export function records(st: State, at: number, s: Sample, now: Now, terms: Float64Array): void {
  const { n, seasoned } = now;
  const f = st.floats;
  const o = floatsAt(at);
  smooth(st, at, s.steps, now);
  const mean = n === 0 ? now.y : f[o + float.envelopes + 3 * level]!;
  const forget = fadeOf(s.interval, s.steps);
  terms[4] = fadingExcess(f, o + float.fadingEnvelope, mean, n, found[level]!, forget);
  if (seasoned) smoothSeason(st, at, s, now);
  // Mostly zero: the noise of the season says what a distance is.
  const least = 2 * (s.cycle > 0 ? now.seasonScale : f[o + float.scale + 1]!);
  for (let k = value; k <= (seasoned ? deviation : slowLevel); k++) {
    const known = k < season ? n : now.seasonedCount;
    const share = k < season ? now.share : now.seasonedShare;
    const envelope = o + float.envelopes + 3 * k;
    found[k] = excess(f, envelope, known, share, found[k]!, k === season ? least : 0);
  }
  // A value beyond all others that is near to what was expected is the way of a trend.
  const size = Math.min(1, now.size);
  terms[0] = found[value]! * size * size * size;
  terms[1] = Math.max(found[level]!, found[slowLevel]!);
  if (!seasoned) return;
  terms[2] = found[season]!;
  terms[3] = found[deviation]!;
}

function smooth({ floats: f }: State, at: number, steps: number, { y, share }: Now): void {
  const o = floatsAt(at);
  found[value] = y;
  const before = f[o + float.level]!;
  found[level] = before + (y - before) * Math.max(paced(levelPace, steps), share);
  f[o + float.level] = found[level]!;
  const slow = f[o + float.slowLevel]!;
  found[slowLevel] = slow + (y - slow) * Math.max(paced(slowLevelPace, steps), share);
  f[o + float.slowLevel] = found[slowLevel]!;
}

function smoothSeason({ floats: f, counts }: State, at: number, s: Sample, now: Now): void {
  const o = floatsAt(at);
  const outside = outsideSeason(f, o, counts, countsAt(at), cycleOf(s), now);
  found[season] = outside;
  const before = f[o + float.deviation]!;
  const next = before + (outside - before) * paced(levelPace, s.steps);
  found[deviation] = Math.abs(next) < tiny ? 0 : next;
  f[o + float.deviation] = found[deviation]!;
}

/**
 * Terms of records and words become multiples of their cuts, less while young; returns their root of
 * squares, or that of a lone sample where it is more.
 */
export function fuse(terms: Float64Array, s: Sample, now: Now, p: Parameters): number {
  if (!(terms[0]! + terms[1]! + terms[2]! + terms[3]! + terms[4]! + terms[5]! + terms[6]! > 0)) {
    return terms[7]!;
  }
  if (s.count < least) {
    terms.fill(0);
    return 0;
  }
  const { cuts } = p;
  const finer = s.interval > 0 && s.interval < fineMs ? fineMs / s.interval : 1;
  const fine = 1 / (1 + perOctave * Math.log2(finer));
  const young = fine / (1 + (p.maturity * finer) / (s.count + 1));
  const { cycleMs } = cycleOf(s);
  // A cycle of its own came after the series: what is known of it is as old as its count.
  const grown = s.cycle > 0 ? fine / (1 + (p.maturity * finer) / (now.seasonedCount + 1)) : young;
  const cycles = s.cycle > 0 ? 1 + (now.seasonedCount * s.interval) / cycleMs : s.age / cycleMs;
  const seasonYoung = grown / (1 + 1 / Math.max(cycles - 1, 0.01));
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
  return Math.max(Math.sqrt(sum), terms[7]!);
}
