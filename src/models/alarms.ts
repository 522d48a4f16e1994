import { SeastateError } from '../core/errors.ts';
import type { Result, Sample } from '../engine/model.ts';
import { neededRarity, raised, rearm, recordFactor, restOf, worn } from './budget.ts';
import { isFlatline, nextSide, shiftLength } from './changes.ts';
import { matters } from './kinds.ts';
import { flag, type Memory } from './memory.ts';
import { enough } from './tail.ts';
import type { Verdict } from './verdict.ts';

// A module's own constants are compiled in, imported ones are read anew each time.
const { shifted, declared } = flag;
const runScore = 2;
/** Of a declared change, in multiples of the cut. */
const changeStrength = 2;

/** From what a model gave to an alarm: strength, changes of kinds of their own, what holds it back. */
export class Alarms {
  /** Alarms per series and day that may be raised by chance. */
  asked = 0;
  /** Of cuts that are not rarities. */
  recordFactor = 0;
  readonly #series: Memory['series']['arrays'];
  readonly #sample: Sample;
  readonly #result: Result;
  readonly #verdict: Verdict;
  /** Samples after which a rarity is known; of a threshold none. */
  readonly #warmFrom: number;
  /** Whether a value that holds still is one of the changes. */
  readonly #flatlines: boolean;
  /** Whether it alarms at bounds: what was asked for matters, whatever the series measures. */
  readonly #isFixed: boolean;
  /** The rarity needed at the interval of the newest sample: most series share it. */
  #needed = 0;
  #neededFor = -1;

  /** `verdict` is filled from `sample` and what the model made of it, `result`. */
  constructor(
    memory: Memory,
    sample: Sample,
    result: Result,
    verdict: Verdict,
    { isFixed, flatlines }: { isFixed: boolean; flatlines: boolean },
  ) {
    this.#series = memory.series.arrays;
    this.#sample = sample;
    this.#result = result;
    this.#verdict = verdict;
    this.#warmFrom = isFixed ? 0 : enough;
    this.#isFixed = isFixed;
    this.#flatlines = flatlines && !isFixed;
  }

  /** Throws `usage` where it is not more than 0 and at most 1000. */
  ask(asked: number): void {
    if (!(asked > 0 && asked <= 1000)) {
      throw new SeastateError(
        'usage',
        `${asked} alarms per series and day cannot be met: ask for more than 0, at most 1000`,
      );
    }
    this.asked = asked;
    this.recordFactor = recordFactor(asked);
    this.#neededFor = -1;
  }

  /** `step`: ms since the sample before, 0 at the first. */
  judge(slot: number, step: number): void {
    const a = this.#series;
    const v = this.#verdict;
    const r = this.#result;
    const s = this.#sample;
    v.score = r.score;
    v.expected = r.expected;
    v.lower = r.lower;
    v.upper = r.upper;
    v.reached = r.reached;
    v.earliest = r.earliest;
    v.latest = r.latest;
    v.confidence = s.count / (s.count + 200);
    const before = a.raise[slot]!;
    const raise = before > 0 ? worn(before, step, s.interval, this.asked) : 0;
    a.raise[slot] = raise;
    if (s.interval !== this.#neededFor) {
      this.#neededFor = s.interval;
      this.#needed = neededRarity(s.interval, this.asked);
    }
    v.needed = this.#needed * (1 + raise);
    const byRarity = r.evidence / v.needed;
    v.strength = Math.max(byRarity, r.ratio / this.recordFactor);
    if ((r.alone >= 0 ? r.alone : r.score) > runScore) {
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
    v.direction = directionOf(s.value, r);
    // A change is news beside the alarm of its own beginning, but not beside another change.
    const rests = !changed || (a.flags[slot]! & declared) !== 0;
    if (mute > 0) v.held = 'after-gap';
    else if (rests && since < restOf(s.interval) && v.strength < rearm * a.strength[slot]!) {
      v.held = 'resting';
    } else if (!this.#isFixed && !matters(s.kind, s.value, r.expected)) v.held = 'too-small';
    if (v.held !== '') return;
    v.alarm = true;
    if (!changed) v.onset = a.onset[slot]! > 0 ? a.onset[slot]! : s.time;
    a.since[slot] = 0;
    if (changed) a.flags[slot]! |= declared;
    else a.flags[slot]! &= ~declared;
    a.strength[slot] = changed ? Math.max(v.strength, 1) : v.strength;
    if (byRarity >= 1) a.raise[slot] = raised(raise, s.interval);
    // What a run of samples declares is more than the last of them, which may be as usual as any.
    if (changed) v.strength = Math.max(v.strength, changeStrength);
  }

  /** Level shifts and flatlines; true when one is declared at this sample. */
  #change(slot: number): boolean {
    const a = this.#series;
    const v = this.#verdict;
    const s = this.#sample;
    a.flags[slot]! &= ~shifted;
    const side = nextSide(a.side[slot]!, s.value, v.lower, v.upper);
    a.side[slot] = side;
    // At a bound its own score says how many samples it takes.
    if (!this.#isFixed && (side === shiftLength || side === -shiftLength)) {
      a.flags[slot]! |= shifted;
      a.side[slot] = 0;
      v.kind = 'level-shift';
      v.onset = s.time - (shiftLength - 1) * s.interval;
      return true;
    }
    if (!this.#flatlines) return false;
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
}

/** Of a model that expects nothing, such as a threshold, the side of its band. */
function directionOf(value: number, { expected, lower, upper }: Result): Verdict['direction'] {
  const isKnown = Number.isFinite(expected);
  if (value > (isKnown ? expected : upper)) return 'up';
  return value < (isKnown ? expected : lower) ? 'down' : 'none';
}
