import { messageOf } from '../core/errors.ts';
import { configure, type MetricKind, type ModelDefinition } from '../engine/model.ts';
import { stackOf } from '../engine/runner/sealed-stacks.ts';
import { Scorer } from '../models/scorer.ts';
import type { Found } from './exports.ts';

/** Something wrong that a trial of a model showed. */
export interface Fault {
  readonly file: string;
  readonly model: string;
  readonly message: string;
}

export interface Trial {
  readonly what: string;
  readonly kind: MetricKind;
  /** Value of sample i; NaN: there is none; `stale`: the series ends, and goes on afterwards. */
  value(i: number): number | 'stale';
}

/** Samples of a trial. */
export const length = 600;
const intervalMs = 60_000;
const startMs = Date.UTC(2024, 0, 1);
/** Always the same numbers in [0, 1). */
const noise = (i: number): number => (Math.imul(i + 1, 2_654_435_761) >>> 0) / 2 ** 32;

export const trials: readonly Trial[] = [
  { what: 'a counter with a reset', kind: 'counter', value: (i) => (i % 400) * 10 + noise(i) },
  { what: 'a series with a gap', kind: 'gauge', value: (i) => (i % 300 > 200 ? NaN : noise(i)) },
  {
    what: 'a series that ends and comes back',
    kind: 'gauge',
    value: (i) => (i === 300 ? 'stale' : 5 + noise(i)),
  },
  { what: 'a constant series', kind: 'gauge', value: (i) => (i === 500 ? 8 : 7) },
  { what: 'a spiky series', kind: 'latency', value: (i) => (i % 97 === 0 ? 1e9 : noise(i)) },
  { what: 'a series of great and negative values', kind: 'gauge', value: (i) => -1e15 * noise(i) },
];

/**
 * Runs a model over made-up series: alone (each told before it begins), once more, and all in
 * turns. Tells what it throws, what is no number, and results that differ, which come from
 * something that it remembers outside its state.
 */
export function tryModel(
  { file, definition }: Found<ModelDefinition>,
  tell: (doing: string) => void,
): Fault[] {
  const { name } = definition;
  const fault = (message: string): Fault => ({ file, model: name, message });
  let stack = '';
  const watched: ModelDefinition = {
    ...definition,
    score(...args) {
      try {
        definition.score(...args);
      } catch (error) {
        // The first one alone: a stack is costly to spell out.
        stack ||= stackOf(error) || ' ';
        throw error;
      }
    },
  };
  let model: ReturnType<typeof configure>;
  try {
    model = configure(watched);
  } catch (error) {
    return [fault(`its parameters need defaults: ${messageOf(error)}`)];
  }
  const scorer = () => new Scorer(model, { guard: true });
  const faults: Fault[] = [];
  const alone = trials.map((trial) => {
    tell(`${file}: model ${name} on ${trial.what}`);
    const run = passes(scorer(), [trial])[0]!;
    if (run.error !== '') {
      faults.push(
        fault(
          `on ${trial.what}, ${run.failed} of ${length} samples: ${run.error}${placeIn(stack)}`,
        ),
      );
    }
    return run.said;
  });
  if (faults.length > 0) return faults;
  const again = trials.map((trial) => passes(scorer(), [trial])[0]!.said);
  const together = passes(scorer(), trials).map(({ said }) => said);
  const differing = trials.findIndex((_, i) => alone[i] !== again[i] || alone[i] !== together[i]);
  if (differing >= 0) {
    const why = 'two runs differ: keep everything in `state`, at the slot that is given';
    faults.push(fault(`on ${trials[differing]!.what}, ${why}`));
  }
  return faults;
}

/** All results of series in turns, from sample `first` on, each as text, with the first failure. */
export function passes(scorer: Scorer, series: readonly Trial[], first = 0) {
  const runs = series.map(() => ({ said: '', error: '', failed: 0 }));
  for (let i = 0; i < length; i++) {
    for (const [slot, { kind, value }] of series.entries()) {
      const given = value(i);
      const time = startMs + (first + i) * intervalMs;
      const number = given === 'stale' ? Number.NaN : given;
      if (Number.isNaN(number) && given !== 'stale') continue;
      const v = scorer.push(slot, time, number, kind, given === 'stale');
      const run = runs[slot]!;
      run.said += `${v.outcome} ${v.score} ${v.expected} ${v.lower} ${v.upper}\n`;
      if (v.outcome !== 'failed') continue;
      run.failed++;
      run.error ||= v.error;
    }
  }
  return runs;
}

/** The first place of a stack that is not ours, for people. */
export function placeIn(stack: string): string {
  const place = /(data:text[^\s)]*:\d+:\d+)/.exec(stack)?.[1];
  return place === undefined ? '' : ` (${place})`;
}
