import './inlining.ts';
import type { ByteReader, ByteWriter } from '../core/bytes.ts';
import { messageOf, SeastateError } from '../core/errors.ts';
import type { MetricKind, Model, ModelDefinition, Result, Sample } from '../engine/model.ts';
import { Alarms } from './alarms.ts';
import { askedByDefault } from './budget.ts';
import { hasStopped, nextPause } from './changes.ts';
import { nextInterval, stepsOf } from './interval.ts';
import { flag, Memory, muteAfterGap } from './memory.ts';
import { explained, type SeriesState } from './series-state.ts';
import { shareThenAdd, tailWidth } from './tail.ts';
import { clear, noVerdict, type Outcome, type Verdict } from './verdict.ts';

export interface ScorerOptions {
  /** Alarms per series and day that may be raised by chance. */
  readonly asked?: number;
  /** Undo what a model did to its columns when it fails: for models that are not ours. */
  readonly guard?: boolean;
  /** Whether a value that holds still alarms; true unless said otherwise. */
  readonly flatlines?: boolean;
  /** Whether one more cycle is looked for beside so many; always, unless said otherwise. */
  readonly maySearch?: (open: number) => boolean;
}

// A module's own constants are compiled in, imported ones are read anew each time.
const { seen: hasBeen, ended, shifted, cyclic } = flag;
const seeds = 32;
/** Of a result; NaN where nothing is known. */
const numbers = ['expected', 'lower', 'upper', 'reached', 'earliest', 'latest'] as const;

/**
 * Runs one model over many series, sample by sample, in one pass: preprocessing, model, rarity,
 * cut, persistence. Slots are the caller's; a series that never moved costs its few columns here
 * and no model state.
 */
export class Scorer {
  /** What is said about the newest sample; one object, overwritten by each push. */
  readonly verdict: Verdict;
  readonly #model: Model;
  /** Of the model: definitions have many shapes, which makes them slow to ask on each sample. */
  readonly #run: ModelDefinition['score'];
  readonly #isFixed: boolean;
  readonly #guard: boolean;
  /** Not state: no output depends on it. */
  #hasFailed = false;
  readonly #memory: Memory;
  readonly #series: Memory['series']['arrays'];
  readonly #alarms: Alarms;
  readonly #values: Float64Array;
  readonly #sample: Sample;
  readonly #result: Result;

  constructor(model: Model, options: ScorerOptions = {}) {
    const { definition } = model;
    this.#model = model;
    this.#run = definition.score;
    this.#isFixed = definition.calibration === 'fixed';
    this.#guard = options.guard ?? false;
    this.#memory = new Memory(definition, this.#guard, options.maySearch);
    this.#series = this.#memory.series.arrays;
    const terms = new Float64Array(definition.terms?.length ?? 0);
    this.#values = new Float64Array(definition.inputs?.length ?? 1);
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
      cycle: 0,
      shape: undefined,
    };
    const nothing = Number.NaN;
    const forecast = { reached: nothing, earliest: nothing, latest: nothing };
    const band = { expected: nothing, lower: nothing, upper: nothing };
    const numbers = { score: 0, alone: nothing, evidence: 0, ratio: 0, ...band, ...forecast };
    this.#result = { ...numbers, lapsed: false, terms };
    this.verdict = noVerdict(terms);
    const flatlines = options.flatlines ?? true;
    this.#alarms = new Alarms(this.#memory, this.#sample, this.#result, this.verdict, {
      isFixed: this.#isFixed,
      flatlines,
    });
    this.ask(options.asked ?? askedByDefault);
  }

  /** Bytes of a series that never moved, of one in full, and what a search for cycles adds. */
  get bytes(): { quiet: number; full: number; searched: number } {
    return this.#memory.bytes;
  }

  /**
   * Alarms per series and day that are asked for from the next sample on: what is known of the
   * series stays. Throws `usage` where it is not more than 0 and at most 1000.
   */
  ask(asked: number): void {
    this.#alarms.ask(asked);
  }

  /** Scores one sample. `stale`: the series ended at `time` (a stale marker). */
  push(slot: number, time: number, value: number, kind: MetricKind, stale = false): Verdict {
    if (slot >= this.#memory.reserved) this.#memory.reserve(slot + 1);
    const v = this.verdict;
    clear(v);
    const a = this.#series;
    const seen = (a.flags[slot]! & hasBeen) !== 0;
    if (seen && !(time > a.time[slot]!)) return this.#no('late');
    if (stale) {
      a.flags[slot]! |= ended;
      return this.#no('stale');
    }
    if (!Number.isFinite(value)) return this.#no('missing');
    const s = this.#sample;
    const step = seen ? time - a.time[slot]! : 0;
    if (!this.#prepare(slot, time, step, value, kind)) return this.#no('primed');
    v.value = s.value;
    // A bound is one for what never moved, too.
    if (a.slot[slot]! < 0 && !this.#isFixed && this.#isQuiet(slot)) {
      v.expected = v.lower = v.upper = s.value;
      v.outcome = 'quiet';
      return v;
    }
    if (this.#memory.unfit !== '') {
      a.held[slot] = s.value;
      v.error = this.#memory.unfit;
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
    if (first > 0 && !this.#isFixed) this.#result.evidence = Math.max(this.#result.evidence, first);
    this.#alarms.judge(slot, step);
    this.#remember(slot);
    return v;
  }

  /** The sample is lost to the model; a guarded one goes on as if it had not been. */
  #fail(slot: number, error: unknown): Verdict {
    const a = this.#series;
    if (this.#guard) {
      this.#hasFailed = true;
      if (a.slot[slot]! >= 0) this.#memory.states.putBack(a.slot[slot]!);
      a.held[slot] = this.#sample.value;
    } else this.#remember(slot);
    this.verdict.error = messageOf(error);
    const isOurs = error instanceof SeastateError && error.code === 'model_result';
    this.verdict.failure = isOurs ? 'no_number' : 'threw';
    return this.#no('failed');
  }

  #no(outcome: Outcome): Verdict {
    this.verdict.outcome = outcome;
    return this.verdict;
  }

  /** Fills the sample; false when there is no value to score yet (first one of a counter). */
  #prepare(slot: number, time: number, step: number, value: number, kind: MetricKind): boolean {
    const a = this.#series;
    const s = this.#sample;
    const flags = a.flags[slot]!;
    a.time[slot] = time;
    a.flags[slot] = (flags | hasBeen) & ~ended;
    s.steps = 1;
    s.gap = false;
    const before = a.interval[slot]!;
    // As most samples come: there is nothing to learn of the interval.
    if (step === before) {
      if (step > 0) a.pause[slot] = nextPause(a.pause[slot]!, step, before);
    } else if (step > 0) {
      if (before > 0) {
        s.gap = step > 5 * before;
        s.steps = stepsOf(before, step);
      }
      const interval = nextInterval(before, step, before === 0 ? 0 : a.count[slot]!);
      a.interval[slot] = interval;
      a.pause[slot] = nextPause(a.pause[slot]!, step, interval);
      if (s.gap) a.mute[slot] = muteAfterGap;
    }
    s.interval = a.interval[slot]!;
    s.time = time;
    s.kind = kind;
    s.value = value;
    // Of a gauge too: what it is may come to be known later.
    const rawBefore = a.raw[slot]!;
    a.raw[slot] = value;
    if (kind === 'counter' || kind === 'error-counter') {
      if (step === 0) return false;
      s.value = ((value >= rawBefore ? value - rawBefore : value) / step) * 1000;
    }
    return true;
  }

  #isQuiet(slot: number): boolean {
    const a = this.#series;
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
    const a = this.#series;
    const s = this.#sample;
    this.#memory.begin(slot);
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
    const a = this.#series;
    const s = this.#sample;
    const r = this.#result;
    r.score = r.evidence = r.ratio = 0;
    r.alone = Number.NaN;
    r.expected = r.lower = r.upper = Number.NaN;
    r.reached = r.earliest = r.latest = Number.NaN;
    // Not those of the result and the sample: a model may have put others there.
    const { terms } = this.verdict;
    for (let k = 0; k < terms.length; k++) terms[k] = 0;
    s.count = a.count[slot]!;
    s.age = s.time - a.began[slot]!;
    s.shifted = (a.flags[slot]! & shifted) !== 0;
    this.#values[0] = s.value;
    const at = a.slot[slot]!;
    if ((a.flags[slot]! & cyclic) !== 0) this.#turn(slot, at);
    else {
      s.cycle = 0;
      s.shape = undefined;
    }
    if (this.#guard) this.#scoreGuarded(at);
    else {
      const { definition, parameters } = this.#model;
      this.#run.call(definition, s, this.#memory.states.arrays, at, parameters, r);
    }
    if (this.#isFixed) r.ratio = r.score * this.#alarms.recordFactor;
    const isNumber = Number.isFinite(r.evidence) && Number.isFinite(r.ratio);
    if (!(Number.isFinite(r.score) && r.score >= 0 && isNumber)) {
      const what = `score ${r.score}, evidence ${r.evidence} and ratio ${r.ratio}`;
      throw new SeastateError('model_result', `it gave ${what}: they must be numbers from 0`);
    }
    if (this.#memory.ownTail) {
      const { tails } = this.#memory;
      tails.reserve(at + 1);
      r.evidence = -Math.log10(shareThenAdd(tails.arrays.counts, at * tailWidth, r.score));
    }
    if (s.cycle > 0 && r.lapsed) this.#memory.giveUp(slot, at, s.time);
  }

  /** Looks for the cycle of the series, or says which one was found. */
  #turn(slot: number, at: number): void {
    const s = this.#sample;
    const { notes } = this.#memory.states;
    const run = notes[at]!;
    this.#result.lapsed = false;
    s.shape = undefined;
    s.cycle = run < 0 ? -run : 0;
    // Of an heir nobody knows where in its cycle it is.
    if (run < 0 && this.#series.mute[slot] === muteAfterGap) s.gap = true;
    const { cycles } = this.#memory;
    if (run < 0 || !cycles) return;
    const found = cycles.see(run, s);
    if (found === 0) return;
    cycles.end(run);
    if (found < 0) {
      this.#series.flags[slot]! &= ~cyclic;
      return;
    }
    notes[at] = -found;
    s.cycle = found;
    s.shape = cycles.shape;
  }

  /** What a failing model does can be undone; its errors have no stacks: they cost more than a sample. */
  #scoreGuarded(at: number): void {
    const { definition, parameters } = this.#model;
    this.#memory.states.keep(at);
    const limit = Error.stackTraceLimit;
    if (this.#hasFailed) Error.stackTraceLimit = 0;
    try {
      definition.score(this.#sample, this.#memory.states.arrays, at, parameters, this.#result);
    } finally {
      Error.stackTraceLimit = limit;
    }
    for (const name of numbers) {
      const value: unknown = this.#result[name];
      if (typeof value === 'number') continue;
      throw new SeastateError('model_result', `it gave ${name} "${value}": it must be a number`);
    }
  }

  #remember(slot: number): void {
    const a = this.#series;
    a.held[slot] = this.#sample.value;
    a.count[slot]!++;
  }

  /** Whether `overdue` says yes; changes nothing. */
  isOverdue(slot: number, silence: number): boolean {
    const a = this.#series;
    if (slot >= this.#memory.reserved || (a.flags[slot]! & (hasBeen | ended)) !== hasBeen)
      return false;
    return a.count[slot]! >= 2 && hasStopped(silence, a.interval[slot]!, a.pause[slot]!);
  }

  /**
   * Asks whether the series has stopped reporting when its sender has not heard of it for `silence`
   * (ms). True once per silence, with the verdict filled; its return raises no alarm.
   */
  overdue(slot: number, silence: number): boolean {
    if (!this.isOverdue(slot, silence)) return false;
    const a = this.#series;
    a.flags[slot]! |= ended;
    const v = this.verdict;
    clear(v);
    // Those that are there are of whatever was scored last.
    v.terms.fill(0);
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
    return explained(this.#memory, this.#model, slot, this.#alarms.asked);
  }

  /** Whether there is a model state of the series: it moved. */
  knows(slot: number): boolean {
    return this.#memory.knows(slot);
  }

  /**
   * Gives `to`, a young series, a copy of what is known of `from`, a dead one of the same workload,
   * in the place of what it learnt itself; `source`: the scorer that knows, of the same model.
   * False where `to` knows as much. They share nothing afterwards.
   */
  inherit(from: number, to: number, source: Scorer = this): boolean {
    return this.#memory.inherit(from, to, source.#memory);
  }

  /** The slot is given back: nothing of the series is kept. */
  forget(slot: number): void {
    this.#memory.forget(slot);
  }

  /** Takes over the series that moved here from another partition; `slots` by old slot. */
  absorb(from: Scorer, slots: Int32Array): void {
    this.#memory.absorb(from.#memory, slots);
  }

  save(out: ByteWriter, count: number): void {
    this.#memory.save(out, count);
  }

  /**
   * Takes a state of this model; one of an earlier version is mended by its `upgrade`. One that a
   * user's model cannot use is kept as it came, for the code that can, and its samples fail.
   */
  load(input: ByteReader): void {
    this.#memory.load(input);
  }
}
