import { defineModel, paced, type Result, type Sample } from '../../engine/model.ts';
import { tailSize } from '../tail.ts';
import type { State } from './layout.ts';
import * as layout from './layout.ts';
import { lone } from './lone.ts';
import { emptyNow, type Now } from './now.ts';
import { outlast } from './outlast.ts';
import { doubt, holds, isGivenUp, learnScale, ownSeason, scaleAt } from './own-cycle.ts';
import { type Parameters, parameters } from './parameters.ts';
import { effect, persistent, rarities } from './rarity.ts';
import { fuse, records } from './records.ts';
import {
  cycleOf,
  dropSeason,
  isCoarse,
  isSeasoned,
  learnSeason,
  momentOf,
  renewSeason,
  seasonAt,
} from './season.ts';
import { learnWeekend, weekendCounts } from './weekend.ts';
import { novelty } from './words.ts';

// A module's own constants are compiled in, imported ones are read anew each time.
const { count, countsAt, float, floatsAt, recentMost, state } = layout;

const fastPace = 1 / 5;
const longPace = 1 / 200;
const driftPace = 1 / 2.5;
/** A sum of three rarities counts for so much less, as they depend on each other. */
const dependence = 1.85;
/** Sizes of 17 scales and more are evidence alike: a value that hardly moves is left by any step. */
const mostSize = 1.5;
/** Greatest size of a value: what the floats of the state can hold and still add up. */
const most = 1e34;
/** Scales beyond which a value is as good as any: one absurd value must not blind the state. */
const absurd = 1000;
/** The band is left by one sample in 200: steps up and down of its width in scales. */
const bandUp = 1.04;
const bandDown = 0.9998;
/** Least half-width of a band, as a part of the range: below it is the rounding of floats. */
const leastBand = 1e-4;

const now = emptyNow();

function restart(f: Float32Array, o: number, y: number): void {
  f[o + float.fast] = y;
  f[o + float.deviation] = 0;
  f[o + float.drift] = 0;
  for (let k = 0; k < recentMost - 1; k++) f[o + float.recent + k] = 0;
}

/** After a level shift: the offset and the long mean move to where the values are now. */
function settle(f: Float32Array, o: number, season: number, y: number): void {
  const level = f[o + float.fast]!;
  f[o + float.offset] = level - season;
  f[o + float.long] = level;
  restart(f, o, y);
}

function begin(st: State, at: number, value: number): void {
  const o = floatsAt(at);
  st.origin[at] = value;
  st.floats[o + float.band] = 4;
}

type Band = Pick<Result, 'expected' | 'lower' | 'upper'>;
type Known = Pick<Now, 'seasoned' | 'doubted' | 'seasonScale'>;

/** Expected value and band, before the sample has taught anything. */
function expect(f: Float32Array, o: number, season: number, known: Known, r: Band): number {
  const scales = o + float.scale;
  const { seasoned, doubted, seasonScale } = known;
  const seasonal = seasoned && f[scales + 1]! <= 1.5 * f[scales + 2]!;
  const least = leastBand * (f[o + float.highest]! - f[o + float.lowest]!);
  const wide = f[o + float.band]! * (seasonal ? seasonScale : f[scales + 2]!);
  r.expected = seasonal ? season : f[o + float.long]!;
  const other = doubted ? Math.abs(season - r.expected) + f[o + float.band]! * seasonScale : 0;
  const half = Math.max(wide, least, other);
  r.lower = r.expected - half;
  r.upper = r.expected + half;
  return half;
}

/** The lower end of a band below 0, or 0 where no value ever was. */
function notBelow(f: Float32Array, o: number, origin: number, r: Readonly<Band>): number {
  const lowest = f[o + float.lowest]!;
  const rounding = leastBand * (f[o + float.highest]! - lowest);
  return origin + lowest < -rounding ? r.lower : Math.max(r.lower, Math.min(0, r.expected));
}

function bounded(f: Float32Array, o: number, n: number, y: number): number {
  const held = Math.max(-most, Math.min(most, y));
  const reach = absurd * f[o + float.scale + 2]!;
  if (n < 20 || !(reach > 0)) return held;
  const long = f[o + float.long]!;
  return Math.max(long - reach, Math.min(long + reach, held));
}

/** What was expected of this sample, and how far it lies from that; adapts the band's width. */
function look(s: Sample, st: State, at: number, r: Result): void {
  const f = st.floats;
  const o = floatsAt(at);
  const c = st.counts;
  const oc = countsAt(at);
  const origin = st.origin[at]!;
  const n = s.count;
  if (s.cycle > 0 && s.shape) renewSeason(f, o, c, oc, s, origin);
  const cycle = cycleOf(s);
  const moment = momentOf(cycle, s.time);
  const { bucket } = moment;
  // As the state holds it, so that a repeated value is equal to its record.
  const y = Math.fround(bounded(f, o, n, s.value - origin));
  const own = s.cycle > 0;
  if (s.gap) {
    if (own) doubt(f, o);
    restart(f, o, y);
    c[oc + count.score] = 0;
  }
  const weekend = weekendCounts(f, o, cycle, moment);
  if (s.shifted) settle(f, o, seasonAt(f, o, c, oc, bucket, weekend), y);
  const level = seasonAt(f, o, c, oc, bucket, weekend);
  const season = level + f[o + float.offset]!;
  now.fromSeason = y - season;
  now.doubted = own && !holds(f, o, level, now.fromSeason, s);
  const seasoned = isSeasoned(cycle, s.age) && !now.doubted;
  now.seasoned = seasoned;
  now.seasonScale = own ? scaleAt(f, o, bucket) : f[o + float.scale + 1]!;
  const half = expect(f, o, season, now, r);
  const isOutside = Math.abs(y - r.expected) > half;
  if (half > 0)
    f[o + float.band] = Math.max(1, f[o + float.band]! * (isOutside ? bandUp : bandDown));
  r.expected += origin;
  r.lower += origin;
  r.upper += origin;
  if (r.lower < 0) r.lower = notBelow(f, o, origin, r);
  now.y = y;
  const scales = o + float.scale;
  const drifts = seasoned && isCoarse(cycle, s.interval) && f[scales + 1]! < f[scales + 2]!;
  now.fromShort = drifts ? now.fromSeason - f[o + float.drift]! : y - f[o + float.fast]!;
  now.fromLong = y - f[o + float.long]!;
  now.bucket = bucket;
  now.weekend = weekend;
  now.n = n;
  now.share = 1 / (n + 1);
  now.seasonedCount = c[oc + count.seasoned]!;
  now.seasonedShare = 1 / (now.seasonedCount + 1);
  if (seasoned && moment.isWeekend) learnWeekend(f, o, cycle, s, now);
}

/** Teaches the means and the season. */
function follow(s: Sample, st: State, at: number, p: Parameters): void {
  const f = st.floats;
  const o = floatsAt(at);
  const { y, share, fromSeason, seasoned } = now;
  f[o + float.fast]! += (y - f[o + float.fast]!) * paced(fastPace, s.steps);
  f[o + float.drift]! += (fromSeason - f[o + float.drift]!) * paced(driftPace, s.steps);
  f[o + float.long]! += now.fromLong * Math.max(paced(longPace, s.steps), share);
  const limit = p.clip * now.seasonScale;
  const clips = seasoned && now.seasonedCount > 20;
  const clipped = clips ? Math.max(-limit, Math.min(limit, fromSeason)) : fromSeason;
  learnSeason(f, o, st.counts, countsAt(at), s, now, clipped);
  if (s.cycle > 0) learnScale(f, o, s, now, p.clip);
}

function score(s: Sample, st: State, at: number, p: Parameters, r: Result): void {
  if (s.count === 0) begin(st, at, s.value);
  const f = st.floats;
  const o = floatsAt(at);
  const c = st.counts;
  const oc = countsAt(at);
  const { terms } = r;
  look(s, st, at, r);
  effect(f, o, now);
  rarities(st, at, p.clip, now);
  follow(s, st, at, p);
  records(st, at, s, now, terms);
  if (now.seasoned && now.seasonedCount < 65_535) c[oc + count.seasoned] = now.seasonedCount + 1;
  novelty(st, at, now, terms);
  r.alone = now.rarity * now.size;
  outlast(c, oc, r);
  const sum = now.rarity * Math.min(now.size, mostSize);
  r.evidence = persistent(f, o, sum, s, p.persistence) / dependence;
  lone(c, oc, s, now, terms);
  r.ratio = fuse(terms, s, now, p);
  if (s.cycle > 0 && isGivenUp(f, o)) {
    dropSeason(f, o, c, oc);
    r.lapsed = true;
  }
}

/** The expected value at the time of the newest sample, and what it was made of. */
function describe(
  st: State,
  at: number,
  _parameters: Parameters,
  { time, age, interval, cycle: own }: Pick<Sample, 'time' | 'age' | 'interval' | 'cycle'>,
): Readonly<Record<string, number>> {
  const f = st.floats;
  const [o, oc, origin] = [floatsAt(at), countsAt(at), st.origin[at]!];
  const cycle = cycleOf({ interval, cycle: own });
  const moment = momentOf(cycle, time);
  const known = ownSeason(f, o, own > 0, moment.bucket);
  const seasoned = isSeasoned(cycle, age) && !known.doubted;
  const weekend = weekendCounts(f, o, cycle, moment);
  const level = seasonAt(f, o, st.counts, oc, moment.bucket, weekend);
  const season = level + f[o + float.offset]!;
  const band: Band = { expected: Number.NaN, lower: Number.NaN, upper: Number.NaN };
  expect(f, o, season, { ...known, seasoned }, band);
  band.expected += origin;
  band.lower += origin;
  band.upper += origin;
  if (band.lower < 0) band.lower = notBelow(f, o, origin, band);
  return {
    ...band,
    level_5_samples: f[o + float.fast]! + origin,
    level_200_samples: f[o + float.long]! + origin,
    season_now: seasoned ? season + origin : Number.NaN,
    usual_deviation: f[o + float.scale + 2]!,
    usual_deviation_from_season: seasoned ? f[o + float.scale + 1]! : Number.NaN,
    lowest: f[o + float.lowest]! + origin,
    highest: f[o + float.highest]! + origin,
    tail_samples: tailSize(st.counts, oc + count.tails),
    season_length_ms: isSeasoned(cycle, age) ? cycle.cycleMs : Number.NaN,
    seasoned_samples: st.counts[oc + count.seasoned]!,
  };
}

/** Before version 3 how far a block was filled had a place of its own; the score takes it. */
function upgrade(from: number, { counts }: State, at: number): void {
  if (from >= 3) return;
  const oc = countsAt(at);
  counts[oc + count.word]! |= (counts[oc + count.score]! & 7) << layout.inBlockShift;
  counts[oc + count.score] = 0;
}

/** The detector that watches every series unless settings say otherwise (docs: README.md here). */
export const defaultModel = defineModel({
  name: 'default',
  version: 3,
  cycles: true,
  summary:
    'Rarity against fast, seasonal and long baselines, and soft records of value, level, deviation from the season and shape.',
  parameters,
  state,
  calibration: 'own',
  terms: ['value', 'level', 'season', 'deviation', 'fading', 'word', 'block', 'lone'],
  score,
  describe,
  upgrade,
});
