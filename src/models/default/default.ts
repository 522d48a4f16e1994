import { z } from 'zod';
import type { Arrays } from '../../engine/columns.ts';
import { defineModel, type Result, type Sample, weight } from '../../engine/model.ts';
import { shareThenAdd, tailWidth } from '../tail.ts';
import { excess, fadingExcess } from './envelope.ts';
import { bits, count, float, levels, state } from './layout.ts';
import { bucketOf, dayMs, learnSeason, outsideSeason, seasonAt } from './season.ts';
import { blockSurprise, stretch, wordSurprise } from './words.ts';

const parameters = z.strictObject({
  /** Robust scales beyond which a residual does not teach. */
  clip: z.number().min(2).max(100).default(6),
  /** Samples until soft records weigh half. */
  maturity: z.number().min(0).max(10_000).default(200),
  /** Minutes over which rarities are averaged before they may alarm. */
  persistence: z.number().min(0).max(1440).default(10),
  /** Cut of each term: the soft record or surprise that alarms by itself. */
  cuts: z
    .strictObject({
      value: z.number().positive().default(0.094),
      level: z.number().positive().default(0.18),
      season: z.number().positive().default(0.165),
      deviation: z.number().positive().default(0.68),
      fading: z.number().positive().default(0.76),
      word: z.number().positive().default(14),
      block: z.number().positive().default(4.9),
    })
    .prefault({}),
});
type Parameters = z.infer<typeof parameters>;
type State = Arrays<typeof state>;

const levelSamples = [8, 32, 128] as const;
const fastSamples = 5;
const longSamples = 200;
const scaleSamples = 100;
const fade = 3e-4;
/**
 * Below this interval the same clock time holds more samples, and more chances for a record: cuts
 * grow by a part per octave, maturity and fading go by time.
 */
const fineMs = 300_000;
const perOctave = 0.2;
/** A sum of three rarities counts for so much less, as they depend on each other. */
const dependence = 1.7;
const sixScales = Math.log2(7);
const recentMost = 5;
/** Greatest size of a value: what the floats of the state can hold and still add up. */
const most = 1e34;
/** Scales beyond which a value is as good as any: one absurd value must not blind the state. */
const absurd = 1000;
/** Terms below this part of their cut say nothing. */
const faint = 0.18;
/** The band is left by one sample in 200: steps up and down of its width in scales. */
const bandUp = 1.04;
const bandDown = 0.9998;

/** How rare a residual of this size is, as a share; learns its scale and tail. */
function shareOf(
  f: Float32Array,
  o: number,
  c: Uint16Array,
  oc: number,
  n: number,
  k: number,
  residual: number,
  clip: number,
): number {
  const size = Math.abs(residual);
  const at = o + float.scale + k;
  const scale = f[at]!;
  const ratio = scale > 0 ? size / scale : 0;
  const share = shareThenAdd(c, oc + count.tails + k * tailWidth, ratio);
  const taught = scale > 0 && n > 20 ? Math.min(size, clip * scale) : size;
  f[at] = scale + (taught - scale) * Math.max(1 / scaleSamples, 1 / (n + 1));
  return share;
}

/** Effect size on a log scale: 1 at six long scales. What is rare but small is of no concern. */
function magnitude(residual: number, scale: number): number {
  return scale > 0 ? Math.log2(1 + Math.abs(residual) / scale) / sixScales : 0;
}

/** Mean of the newest sums of rarities over the persistence. */
function persistent(f: Float32Array, o: number, sum: number, s: Sample, minutes: number): number {
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

function records(
  f: Float32Array,
  o: number,
  n: number,
  y: number,
  steps: number,
  forget: number,
  terms: Float64Array,
): void {
  terms[0] = excess(f, o + float.valueEnvelope, n, y);
  let level = 0;
  let fading = 0;
  for (let k = 0; k < levels; k++) {
    const at = o + float.level + k;
    const share = Math.max(weight(levelSamples[k]!, steps), 1 / (n + 1));
    const smooth = n === 0 ? y : f[at]! + (y - f[at]!) * share;
    f[at] = smooth;
    const envelope = o + float.levelEnvelope + 3 * k;
    const mean = n === 0 ? y : f[envelope]!;
    level = Math.max(level, excess(f, envelope, n, f[at]!));
    if (k < 2) {
      const faded = o + float.fadingEnvelope + 2 * k;
      fading = Math.max(fading, fadingExcess(f, faded, mean, n, f[at]!, fade * forget));
    }
  }
  terms[1] = level;
  terms[4] = fading;
}

function seasonRecords(
  f: Float32Array,
  o: number,
  n: number,
  outside: number,
  steps: number,
  terms: Float64Array,
): void {
  terms[2] = excess(f, o + float.seasonEnvelope, n, outside);
  let deviation = 0;
  for (let k = 0; k < levels; k++) {
    const at = o + float.deviation + k;
    f[at]! += (outside - f[at]!) * weight(levelSamples[k]!, steps);
    deviation = Math.max(deviation, excess(f, o + float.deviationEnvelope + 3 * k, n, f[at]!));
  }
  terms[3] = deviation;
}

/** Terms become multiples of their cuts, less while young; returns their root of squares. */
function fuse(terms: Float64Array, s: Sample, p: Parameters): number {
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

function restart(f: Float32Array, o: number, y: number): void {
  f[o + float.fast] = y;
  for (let k = 0; k < levels; k++) f[o + float.deviation + k] = 0;
  for (let k = 0; k < recentMost - 1; k++) f[o + float.recent + k] = 0;
}

/** After a level shift: the offset and the long mean move to where the values are now. */
function settle(f: Float32Array, o: number, season: number, y: number): void {
  const level = f[o + float.level]!;
  f[o + float.offset] = level - season;
  f[o + float.long] = level;
  restart(f, o, y);
}

function begin(st: State, at: number, value: number): void {
  const o = at * float.width;
  st.origin[at] = value;
  st.floats.fill(0, o, o + float.width);
  st.floats[o + float.band] = 4;
}

/** Expected value and band, before the sample has taught anything. */
function expect(f: Float32Array, o: number, season: number, seasoned: boolean, r: Result): number {
  const scales = o + float.scale;
  const seasonal = seasoned && f[scales + 1]! <= 1.5 * f[scales + 2]!;
  const half = f[o + float.band]! * f[scales + (seasonal ? 1 : 2)]!;
  r.expected = seasonal ? season : f[o + float.long]!;
  r.lower = r.expected - half;
  r.upper = r.expected + half;
  return half;
}

function bounded(f: Float32Array, o: number, n: number, y: number): number {
  const reach = absurd * f[o + float.scale + 2]!;
  if (n < 20 || !(reach > 0)) return Math.max(-most, Math.min(most, y));
  const long = f[o + float.long]!;
  return Math.max(long - reach, Math.min(long + reach, y));
}

function score(s: Sample, st: State, at: number, p: Parameters, r: Result): void {
  const n = s.count;
  if (n === 0) begin(st, at, s.value);
  const f = st.floats;
  const o = at * float.width;
  const c = st.counts;
  const oc = at * count.width;
  const origin = st.origin[at]!;
  const y = bounded(f, o, n, s.value - origin);
  if (s.gap) restart(f, o, y);
  if (s.shifted) settle(f, o, seasonAt(f, o, c, oc, bucketOf(s.time)), y);
  const bucket = bucketOf(s.time);
  const seasoned = s.age >= dayMs;
  const season = seasonAt(f, o, c, oc, bucket) + f[o + float.offset]!;
  const half = expect(f, o, season, seasoned, r);
  if (half > 0) f[o + float.band]! *= Math.abs(y - r.expected) > half ? bandUp : bandDown;
  r.expected += origin;
  r.lower += origin;
  r.upper += origin;
  const residual = y - season;
  const ns = c[oc + count.seasoned]!;
  const seasonScale = f[o + float.scale + 1]!;
  const size = magnitude(y - f[o + float.long]!, f[o + float.scale + 2]!);
  let share = shareOf(f, o, c, oc, n, 0, y - f[o + float.fast]!, p.clip);
  if (seasoned) share *= shareOf(f, o, c, oc, ns, 1, residual, p.clip);
  share *= shareOf(f, o, c, oc, n, 2, y - f[o + float.long]!, p.clip);
  const sum = share < 1 ? -Math.log10(share) * size : 0;
  f[o + float.fast]! += (y - f[o + float.fast]!) * weight(fastSamples, s.steps);
  f[o + float.long]! +=
    (y - f[o + float.long]!) * Math.max(weight(longSamples, s.steps), 1 / (n + 1));
  const limit = p.clip * seasonScale;
  const clipped = seasoned && ns > 20 ? Math.max(-limit, Math.min(limit, residual)) : residual;
  const perHour = s.interval > 0 ? 3_600_000 / s.interval : 1;
  learnSeason(f, o, c, oc, bucket, y, clipped, perHour, seasoned, s.steps);
  stretch(f, o, n, y);
  const { terms } = r;
  const fineness = Math.min(1, s.interval / fineMs);
  records(f, o, n, y, s.steps, s.steps * fineness, terms);
  if (seasoned) {
    seasonRecords(f, o, ns, outsideSeason(f, o, c, oc, bucket, y), s.steps, terms);
    if (ns < 65_535) c[oc + count.seasoned] = ns + 1;
  }
  const os = at * bits.width;
  terms[5] = wordSurprise(f, o, c, oc, st.seen, os, n, y);
  terms[6] = blockSurprise(f, o, c, oc, st.seen, os, n, y);
  r.score = sum;
  r.evidence = persistent(f, o, sum, s, p.persistence) / dependence;
  r.ratio = fuse(terms, s, p);
}

/** The detector that watches every series unless settings say otherwise (docs: README.md here). */
export const defaultModel = defineModel({
  name: 'default',
  version: 1,
  summary:
    'Rarity against fast, seasonal and long baselines, and soft records of value, level, deviation from the season and shape.',
  parameters,
  state,
  calibration: 'own',
  terms: ['value', 'level', 'season', 'deviation', 'fading', 'word', 'block'],
  score,
});
