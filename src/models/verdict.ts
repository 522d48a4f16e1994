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

/** A verdict on nothing, whose terms are those of the model's results. */
export function noVerdict(terms: Float64Array): Verdict {
  const nothing = Number.NaN;
  return {
    outcome: 'missing',
    value: nothing,
    error: '',
    failure: '',
    score: 0,
    alarm: false,
    held: '',
    expected: nothing,
    lower: nothing,
    upper: nothing,
    kind: 'improbable',
    direction: 'none',
    strength: 0,
    onset: nothing,
    needed: nothing,
    confidence: 0,
    reached: nothing,
    earliest: nothing,
    latest: nothing,
    terms,
  };
}

/** Forgets what was said of the sample before. */
export function clear(v: Verdict): void {
  v.value = v.expected = v.lower = v.upper = v.onset = v.needed = Number.NaN;
  v.reached = v.earliest = v.latest = Number.NaN;
  v.score = v.strength = v.confidence = 0;
  v.alarm = false;
  v.held = '';
  v.error = v.failure = '';
  v.kind = 'improbable';
  v.direction = 'none';
}
