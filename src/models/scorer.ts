import type { ByteReader, ByteWriter } from '../core/bytes.ts';
import { messageOf, SeastateError } from '../core/errors.ts';
import { Columns, type ColumnsSpec } from '../engine/columns.ts';
import type { MetricKind, Model, Result, Sample } from '../engine/model.ts';
import {
  askedByDefault,
  neededRarity,
  raised,
  rearm,
  recordFactor,
  restOf,
  worn,
} from './budget.ts';
import { hasStopped, isFlatline, nextPause, nextSide, shiftLength } from './changes.ts';
import { nextInterval, stepsOf } from './interval.ts';
import { matters } from './kinds.ts';
import { Pool } from './pool.ts';
import { describeState, type SeriesState } from './series-state.ts';
import { enough, shareThenAdd, tailSize, tailWidth } from './tail.ts';

/** What became of a sample. Only a scored one has a score. */
export type Outcome = 'scored' | 'quiet' | 'late' | 'missing' | 'stale' | 'primed' | 'failed';
/** Why a scored sample raises no alarm; '' where it does. */
export type Held = '' | 'warming-up' | 'below-cut' | 'after-gap' | 'resting' | 'too-small';
/** How a model failed: it threw, what it gave is no number, or its state is of another version. */
export type Failure = '' | 'threw' | 'no_number' | 'unfit_state';
export type AnomalyKind = 'improbable' | 'level-shift' | 'flatline' | 'stopped';

/** What the scorer says about the newest sample; one object, overwritten by each push. */
export interface Verdict {
  outcome: Outcome;
  /** Value as scored: of a counter its rate per second. */
  value: number;
  /** Of a model that failed on this sample: what it threw. The series goes on. */
  error: string;
  failure: Failure;
  score: number;
  alarm: boolean;
  held: Held;
  expected: number;
  lower: number;
  upper: number;
  kind: AnomalyKind;
  /** Of what reaches the cut; where other samples lie is chance, which is dear to branch on. */
  direction: 'up' | 'down' | 'none';
  /** Multiples of the cut: 1 is an alarm. */
  strength: number;
  /** ms, first sample of the run that led here; NaN outside of one. */
  onset: number;
  /** -log10 of the rarity that alarms this series now. */
  needed: number;
  /** 0 to 1: how much of its past a model of this series knows. */
  confidence: number;
  /** When a forecast's bound is reached, ms; else NaN. */
  reached: number;
  earliest: number;
  latest: number;
  readonly terms: Float64Array;
}

export interface ScorerOptions {
  /** Alarms per series and day that may be raised by chance. */
  readonly asked?: number;
  /** Undo what a model did to its columns when it fails: for models that are not ours. */
  readonly guard?: boolean;
}

const seriesColumns = {
  /** ms of the newest sample. */
  time: 'f64',
  /** ms of the first sample that the model state has scored. */
  began: 'f64',
  /** Newest value as it came, of a counter. */
  raw: 'f64',
  /** Newest value as scored. */
  held: 'f64',
  /** ms where the present run of improbable samples began, 0 outside. */
  onset: 'f64',
  interval: 'f32',
  /** Longest usual pause, ms. */
  pause: 'f32',
  /** Samples in the model state; before it has one, samples that held the same value. */
  count: 'u32',
  slot: { type: 'i32', initial: -1 },
  raise: 'f32',
  strength: 'f32',
  /** Samples since the last alarm, held at 65535. */
  since: { type: 'u16', initial: 65_535 },
  /** Equal samples in a row now, and the most so far. */
  equal: 'u16',
  longest: 'u16',
  /** Samples in a row above (+) or below (-) the band. */
  side: 'i8',
  /** Samples that may not alarm yet, after a gap. */
  mute: 'u8',
  flags: 'u8',
} as const satisfies ColumnsSpec;

/** Bits of `flags`. */
const flag = { seen: 1, ended: 2, shifted: 4 } as const;
const seeds = 32;
const muteAfterGap = 3;
const runScore = 2;
/** Of a declared change, in multiples of the cut. */
const changeStrength = 2;
/** Of a result; NaN where nothing is known. */
const numbers = ['expected', 'lower', 'upper', 'reached', 'earliest', 'latest'] as const;
const tailsSpec = { counts: { type: 'u16', width: tailWidth } } as const;

/**
 * Runs one model over many series, sample by sample, in one pass: preprocessing, model, rarity,
 * cut, persistence. Slots are the caller's; a series that never moved costs its few columns here
 * and no model state.
 */
export class Scorer {
  readonly verdict: Verdict;
  readonly #model: Model;
  #asked = askedByDefault;
  #recordFactor = recordFactor(askedByDefault);
  /** Samples after which a rarity is known; of a threshold none. */
  readonly #warmFrom: number;
  readonly #guard: boolean;
  readonly #ownTail: boolean;
  /** Not state: no output depends on it. */
  #hasFailed = false;
  readonly #series = new Columns(seriesColumns);
  #states: Pool<ColumnsSpec>;
  /** Why a user's model cannot use the state that was loaded; it is kept as it came. */
  #unfit = '';
  /** The version of the model that the state is of. */
  #version: number;
  readonly #tails = new Columns(tailsSpec);
  readonly #values: Float64Array;
  readonly #sample: Sample;
  readonly #result: Result;
  #reserved = 0;
  /** The rarity needed at the interval of the newest sample: most series share it. */
  #needed = 0;
  #neededFor = -1;

  constructor(model: Model, options: ScorerOptions = {}) {
    this.#model = model;
    this.ask(options.asked ?? askedByDefault);
    this.#warmFrom = model.definition.calibration === 'fixed' ? 0 : enough;
    this.#guard = options.guard ?? false;
    this.#ownTail = (model.definition.calibration ?? 'tail') === 'tail';
    this.#states = new Pool(this.#model.definition.state);
    this.#version = this.#model.definition.version;
    const terms = new Float64Array(this.#model.definition.terms?.length ?? 0);
    this.#values = new Float64Array(this.#model.definition.inputs?.length ?? 1);
    this.#sample = {
      value: 0,
      values: this.#values,
      time: 0,
      interval: 0,
      steps: 1,
      count: 0,
      age: 0,
      gap: false,
      shifted: false,
      kind: 'gauge',
    };
    const nothing = Number.NaN;
    const forecast = { reached: nothing, earliest: nothing, latest: nothing };
    const band = { expected: nothing, lower: nothing, upper: nothing };
    this.#result = { score: 0, evidence: 0, ratio: 0, terms, ...band, ...forecast };
    this.verdict = {
      outcome: 'missing',
      value: nothing,
      error: '',
      failure: '',
      score: 0,
      alarm: false,
      held: '',
      kind: 'improbable',
      direction: 'none',
      strength: 0,
      onset: nothing,
      needed: nothing,
      confidence: 0,
      terms,
      ...band,
      ...forecast,
    };
  }

  /** Bytes of a series that never moved, and of one in full. */
  get bytes(): { quiet: number; full: number } {
    const quiet = this.#series.bytesPerSlot;
    const tail = this.#ownTail ? this.#tails.bytesPerSlot : 0;
    return { quiet, full: quiet + this.#states.bytesPerSlot + tail };
  }

  /**
   * Alarms per series and day that are asked for from the next sample on: what is known of the
   * series stays. Throws `usage` where it is not more than 0 and at most 1000.
   */
  ask(asked: number): void {
    if (!(asked > 0 && asked <= 1000)) {
      throw new SeastateError(
        'usage',
        `${asked} alarms per series and day cannot be met: ask for more than 0, at most 1000`,
      );
    }
    this.#asked = asked;
    this.#recordFactor = recordFactor(asked);
    this.#neededFor = -1;
  }

  /** Scores one sample. `stale`: the series ended at `time` (a stale marker). */
  push(slot: number, time: number, value: number, kind: MetricKind, stale = false): Verdict {
    if (slot >= this.#reserved) this.#reserve(slot + 1);
    const v = this.verdict;
    this.#clear();
    const a = this.#series.arrays;
    const seen = (a.flags[slot]! & flag.seen) !== 0;
    if (seen && !(time > a.time[slot]!)) return this.#no('late');
    if (stale) {
      a.flags[slot]! |= flag.ended;
      return this.#no('stale');
    }
    if (!Number.isFinite(value)) return this.#no('missing');
    const s = this.#sample;
    const step = seen ? time - a.time[slot]! : 0;
    if (!this.#prepare(slot, time, step, value, kind)) return this.#no('primed');
    v.value = s.value;
    if (a.slot[slot]! < 0 && this.#isQuiet(slot)) {
      v.expected = v.lower = v.upper = s.value;
      v.outcome = 'quiet';
      return v;
    }
    if (this.#unfit !== '') {
      a.held[slot] = s.value;
      v.error = this.#unfit;
      v.failure = 'unfit_state';
      return this.#no('failed');
    }
    v.outcome = 'scored';
    let first = 0;
    try {
      if (a.slot[slot]! < 0) first = this.#begin(slot);
      this.#score(slot);
    } catch (error) {
      return this.#fail(slot, error);
    }
    if (first > 0) this.#result.evidence = Math.max(this.#result.evidence, first);
    this.#judge(slot, step);
    this.#remember(slot);
    return v;
  }

  /** The sample is lost to the model; a guarded one goes on as if it had not been. */
  #fail(slot: number, error: unknown): Verdict {
    const a = this.#series.arrays;
    if (this.#guard) {
      this.#hasFailed = true;
      if (a.slot[slot]! >= 0) this.#states.putBack(a.slot[slot]!);
      a.held[slot] = this.#sample.value;
    } else this.#remember(slot);
    this.verdict.error = messageOf(error);
    const isOurs = error instanceof SeastateError && error.code === 'model_result';
    this.verdict.failure = isOurs ? 'no_number' : 'threw';
    return this.#no('failed');
  }

  #reserve(count: number): void {
    this.#series.reserve(count);
    this.#reserved = Math.floor(this.#series.arrays.slot.length);
  }

  #no(outcome: Outcome): Verdict {
    this.verdict.outcome = outcome;
    return this.verdict;
  }

  #clear(): void {
    const v = this.verdict;
    v.value = v.expected = v.lower = v.upper = v.onset = v.needed = Number.NaN;
    v.reached = v.earliest = v.latest = Number.NaN;
    v.score = v.strength = v.confidence = 0;
    v.alarm = false;
    v.held = '';
    v.error = v.failure = '';
    v.kind = 'improbable';
    v.direction = 'none';
  }

  /** Fills the sample; false when there is no value to score yet (first one of a counter). */
  #prepare(slot: number, time: number, step: number, value: number, kind: MetricKind): boolean {
    const a = this.#series.arrays;
    const s = this.#sample;
    const flags = a.flags[slot]!;
    a.time[slot] = time;
    a.flags[slot] = (flags | flag.seen) & ~flag.ended;
    s.steps = 1;
    s.gap = false;
    if (step > 0) {
      const interval = nextInterval(
        a.interval[slot]!,
        step,
        a.interval[slot] === 0 ? 0 : a.count[slot]!,
      );
      if (a.interval[slot]! > 0) {
        s.gap = step > 5 * a.interval[slot]!;
        s.steps = stepsOf(a.interval[slot]!, step);
      }
      a.interval[slot] = interval;
      a.pause[slot] = nextPause(a.pause[slot]!, step, interval);
    }
    if (s.gap) a.mute[slot] = muteAfterGap;
    s.interval = a.interval[slot]!;
    s.time = time;
    s.kind = kind;
    s.value = value;
    if (kind === 'counter' || kind === 'error-counter') {
      const before = a.raw[slot]!;
      a.raw[slot] = value;
      if (step === 0) return false;
      s.value = ((value >= before ? value - before : value) / step) * 1000;
    }
    return true;
  }

  #isQuiet(slot: number): boolean {
    const a = this.#series.arrays;
    const value = this.#sample.value;
    if (a.count[slot] === 0) a.held[slot] = value;
    if (value !== a.held[slot]) return false;
    a.count[slot]!++;
    return true;
  }

  /**
   * The series moves for the first time: gives it model state, taught with the newest part of what
   * it held. Returns how rare such a move is: one in as many samples as there were.
   */
  #begin(slot: number): number {
    const a = this.#series.arrays;
    const s = this.#sample;
    const at = this.#states.take();
    a.slot[slot] = at;
    const held = a.count[slot]!;
    const { value, steps, gap, time } = s;
    const taught = Math.min(held, seeds);
    const interval = s.interval > 0 ? s.interval : 1;
    a.began[slot] = time - taught * interval;
    a.count[slot] = 0;
    s.value = a.held[slot]!;
    s.steps = 1;
    s.gap = false;
    for (let k = taught; k > 0; k--) {
      s.time = time - k * interval;
      this.#score(slot);
      a.count[slot]!++;
    }
    s.value = value;
    s.steps = steps;
    s.gap = gap;
    s.time = time;
    a.longest[slot] = Math.min(held, 65_535);
    return held > seeds ? Math.log10(held + 1) : 0;
  }

  #score(slot: number): void {
    const a = this.#series.arrays;
    const s = this.#sample;
    const r = this.#result;
    r.score = r.evidence = r.ratio = 0;
    r.expected = r.lower = r.upper = Number.NaN;
    r.reached = r.earliest = r.latest = Number.NaN;
    // Not those of the result and the sample: a model may have put others there.
    const { terms } = this.verdict;
    for (let k = 0; k < terms.length; k++) terms[k] = 0;
    s.count = a.count[slot]!;
    s.age = s.time - a.began[slot]!;
    s.shifted = (a.flags[slot]! & flag.shifted) !== 0;
    this.#values[0] = s.value;
    const { definition, parameters } = this.#model;
    const at = a.slot[slot]!;
    if (this.#guard) this.#scoreGuarded(at);
    else definition.score(s, this.#states.arrays, at, parameters, r);
    if (definition.calibration === 'fixed') r.ratio = r.score * this.#recordFactor;
    const isNumber = Number.isFinite(r.evidence) && Number.isFinite(r.ratio);
    if (!(Number.isFinite(r.score) && r.score >= 0 && isNumber)) {
      const what = `score ${r.score}, evidence ${r.evidence} and ratio ${r.ratio}`;
      throw new SeastateError('model_result', `it gave ${what}: they must be numbers from 0`);
    }
    if (this.#ownTail) {
      this.#tails.reserve(at + 1);
      r.evidence = -Math.log10(shareThenAdd(this.#tails.arrays.counts, at * tailWidth, r.score));
    }
  }

  /** What a failing model does can be undone; its errors have no stacks: they cost more than a sample. */
  #scoreGuarded(at: number): void {
    const { definition, parameters } = this.#model;
    this.#states.keep(at);
    const limit = Error.stackTraceLimit;
    if (this.#hasFailed) Error.stackTraceLimit = 0;
    try {
      definition.score(this.#sample, this.#states.arrays, at, parameters, this.#result);
    } finally {
      Error.stackTraceLimit = limit;
    }
    for (const name of numbers) {
      const value: unknown = this.#result[name];
      if (typeof value === 'number') continue;
      throw new SeastateError('model_result', `it gave ${name} "${value}": it must be a number`);
    }
  }

  #judge(slot: number, step: number): void {
    const a = this.#series.arrays;
    const [v, r, s] = [this.verdict, this.#result, this.#sample];
    v.score = r.score;
    v.expected = r.expected;
    v.lower = r.lower;
    v.upper = r.upper;
    v.reached = r.reached;
    v.earliest = r.earliest;
    v.latest = r.latest;
    v.confidence = s.count / (s.count + 200);
    const before = a.raise[slot]!;
    const raise = before > 0 ? worn(before, step, s.interval, this.#asked) : 0;
    a.raise[slot] = raise;
    if (s.interval !== this.#neededFor) {
      this.#neededFor = s.interval;
      this.#needed = neededRarity(s.interval, this.#asked);
    }
    v.needed = this.#needed * (1 + raise);
    const byRarity = r.evidence / v.needed;
    v.strength = Math.max(byRarity, r.ratio / this.#recordFactor);
    if (r.score > runScore) {
      if (a.onset[slot] === 0) a.onset[slot] = s.time;
    } else a.onset[slot] = 0;
    const mute = a.mute[slot]!;
    if (mute > 0) a.mute[slot] = mute - 1;
    const since = a.since[slot]!;
    if (since < 65_535) a.since[slot] = since + 1;
    const changed = this.#change(slot);
    if (!(v.strength >= 1 || changed)) {
      v.held = s.count < this.#warmFrom ? 'warming-up' : 'below-cut';
      return;
    }
    v.direction = s.value > r.expected ? 'up' : s.value < r.expected ? 'down' : 'none';
    if (mute > 0) v.held = 'after-gap';
    else if (!changed && since < restOf(s.interval) && v.strength < rearm * a.strength[slot]!) {
      v.held = 'resting';
    } else if (!matters(s.kind, s.value, r.expected)) v.held = 'too-small';
    if (v.held !== '') return;
    v.alarm = true;
    if (!changed) v.onset = a.onset[slot]! > 0 ? a.onset[slot]! : s.time;
    a.since[slot] = 0;
    a.strength[slot] = changed ? Math.max(v.strength, 1) : v.strength;
    if (byRarity >= 1) a.raise[slot] = raised(raise, s.interval);
    // What a run of samples declares is more than the last of them, which may be as usual as any.
    if (changed) v.strength = Math.max(v.strength, changeStrength);
  }

  /** Level shifts and flatlines; true when one is declared at this sample. */
  #change(slot: number): boolean {
    const a = this.#series.arrays;
    const v = this.verdict;
    const s = this.#sample;
    a.flags[slot]! &= ~flag.shifted;
    const side = nextSide(a.side[slot]!, s.value, v.lower, v.upper);
    a.side[slot] = side;
    if (side === shiftLength || side === -shiftLength) {
      a.flags[slot]! |= flag.shifted;
      a.side[slot] = 0;
      v.kind = 'level-shift';
      v.onset = s.time - (shiftLength - 1) * s.interval;
      return true;
    }
    if (s.value !== a.held[slot] || s.count === 0) {
      if (a.equal[slot]! > a.longest[slot]!) a.longest[slot] = a.equal[slot]!;
      a.equal[slot] = 0;
      return false;
    }
    const equal = Math.min(a.equal[slot]! + 1, 65_535);
    a.equal[slot] = equal;
    if (!isFlatline(equal, a.longest[slot]!, s.count, s.interval)) return false;
    v.kind = 'flatline';
    v.onset = s.time - equal * s.interval;
    return true;
  }

  #remember(slot: number): void {
    const a = this.#series.arrays;
    a.held[slot] = this.#sample.value;
    a.count[slot]!++;
  }

  /**
   * Asks whether the series has stopped reporting when its sender has not heard of it for `silence`
   * (ms). True once per silence, with the verdict filled; its return raises no alarm.
   */
  overdue(slot: number, silence: number): boolean {
    const a = this.#series.arrays;
    if (slot >= this.#reserved || (a.flags[slot]! & (flag.seen | flag.ended)) !== flag.seen)
      return false;
    if (a.count[slot]! < 2 || !hasStopped(silence, a.interval[slot]!, a.pause[slot]!)) return false;
    a.flags[slot]! |= flag.ended;
    this.#clear();
    const v = this.verdict;
    v.outcome = 'missing';
    v.alarm = true;
    v.kind = 'stopped';
    v.onset = a.time[slot]! + a.interval[slot]!;
    // Samples that are missing: a count of what is beyond doubt, so above most of what is improbable.
    v.strength = silence / a.interval[slot]!;
    return true;
  }

  /** What is known of a series, for people; undefined where it was never scored. Changes nothing. */
  explain(slot: number): SeriesState | undefined {
    const a = this.#series.arrays;
    if (slot >= this.#reserved || (a.flags[slot]! & flag.seen) === 0) return undefined;
    const at = a.slot[slot]!;
    const [interval, time, samples] = [a.interval[slot]!, a.time[slot]!, a.count[slot]!];
    const age = at < 0 ? 0 : time - a.began[slot]!;
    return {
      moved: at >= 0,
      ended: (a.flags[slot]! & flag.ended) !== 0,
      samples,
      age_ms: age,
      interval_ms: interval,
      longest_pause_ms: a.pause[slot]!,
      value: a.held[slot]!,
      needed_rarity: neededRarity(interval, this.#asked) * (1 + a.raise[slot]!),
      raised_by: a.raise[slot]!,
      resting_samples: Math.max(0, restOf(interval) - a.since[slot]!),
      muted_samples: a.mute[slot]!,
      outside_samples: a.side[slot]!,
      equal_samples: a.equal[slot]!,
      longest_equal_samples: a.longest[slot]!,
      tail_samples:
        at >= 0 && this.#ownTail ? tailSize(this.#tails.arrays.counts, at * tailWidth) : null,
      model:
        at < 0 || this.#unfit !== ''
          ? {}
          : describeState(this.#model, this.#states.arrays, at, { time, age, interval }),
    };
  }

  /**
   * Gives `to`, a series just born, a copy of what is known of `from`, a dead one of the same
   * workload. They share nothing afterwards.
   */
  inherit(from: number, to: number): void {
    this.#reserve(Math.max(from, to) + 1);
    const a = this.#series.arrays;
    const kept = a.slot[from]!;
    if (kept < 0 || a.slot[to]! >= 0) return;
    const at = this.#states.take();
    this.#states.copy(kept, at);
    if (this.#ownTail) {
      this.#tails.reserve(at + 1);
      const { counts } = this.#tails.arrays;
      counts.copyWithin(at * tailWidth, kept * tailWidth, (kept + 1) * tailWidth);
    }
    for (const column of [
      'began',
      'held',
      'interval',
      'pause',
      'count',
      'raise',
      'longest',
    ] as const) {
      a[column][to] = a[column][from]!;
    }
    a.slot[to] = at;
    a.mute[to] = muteAfterGap;
  }

  /** The slot is given back: nothing of the series is kept. */
  forget(slot: number): void {
    if (slot >= this.#reserved) return;
    const at = this.#series.arrays.slot[slot]!;
    if (at >= 0) {
      this.#states.give(at);
      if (this.#ownTail) this.#tails.reset(at);
    }
    this.#series.reset(slot);
  }

  /** Takes over the series that moved here from another partition; `slots` by old slot. */
  absorb(from: Scorer, slots: Int32Array): void {
    if (from.#unfit !== '') throw new SeastateError('model_state', from.#unfit);
    this.#reserve(slots.reduce((most, slot) => Math.max(most, slot + 1), 0));
    from.#reserve(slots.length);
    for (const [old, slot] of slots.entries()) {
      if (slot < 0) continue;
      this.#series.copySlot(from.#series, old, slot);
      const kept = from.#series.arrays.slot[old]!;
      if (kept < 0) continue;
      const at = this.#states.adopt(from.#states, kept);
      this.#series.arrays.slot[slot] = at;
      if (!this.#ownTail) continue;
      this.#tails.reserve(at + 1);
      this.#tails.copySlot(from.#tails, kept, at);
    }
  }

  save(out: ByteWriter, count: number): void {
    if (count > this.#reserved) this.#reserve(count);
    out.u32(this.#version);
    this.#series.save(out, count);
    this.#states.save(out);
    this.#tails.save(out, this.#ownTail ? this.#states.count : 0);
  }

  /**
   * Takes a state of this model; one of an earlier version is mended by its `upgrade`. One that a
   * user's model cannot use is kept as it came, for the code that can, and its samples fail.
   */
  load(input: ByteReader): void {
    const from = input.u32();
    const count = this.#series.load(input);
    this.#reserve(count);
    const { at } = input;
    this.#states.load(input);
    const unfit = this.#upgraded(from);
    if (unfit !== '') {
      if (!this.#guard) throw new SeastateError('model_state', unfit);
      input.back(at);
      this.#states = Pool.saved(input);
      this.#unfit = unfit;
      this.#version = from;
    }
    this.#tails.load(input);
  }

  /** What is wrong with a state of version `from`; '' when it can be used. */
  #upgraded(from: number): string {
    const { name, version, upgrade } = this.#model.definition;
    if (from > version) {
      return (
        `the state of model ${name} is of version ${from}, its file is of version ${version}: ` +
        'bring the newer file back'
      );
    }
    if (from === version || !upgrade) return '';
    try {
      for (const at of this.#states.used()) upgrade(from, this.#states.arrays, at);
      return '';
    } catch (error) {
      return `model ${name} cannot upgrade its state from version ${from}: ${messageOf(error)}`;
    }
  }
}
