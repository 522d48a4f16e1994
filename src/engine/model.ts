import type { ZodType } from 'zod';
import { SeastateError } from '../core/errors.ts';
import { isAsync } from '../core/is-async.ts';
import { nearest } from '../core/nearest.ts';
import { type Arrays, type ColumnsSpec, columnsFault } from './columns.ts';

/**
 * The author's level for analytics over series: what is computed for one sample of one series. The
 * engine owns everything else: slots, preprocessing, calibration, persistence, budget, output and
 * snapshots (src/models/scorer.ts). A model is plain arithmetic on its columns: no clock, no
 * randomness, no I/O, nothing remembered outside `state`.
 */

/**
 * What a series measures; it decides on preprocessing, direction and the least change that counts.
 */
export const metricKinds = [
  'gauge',
  'counter',
  'ratio',
  'latency',
  'errors',
  'error-counter',
] as const;
export type MetricKind = (typeof metricKinds)[number];

/**
 * One sample after preprocessing. The engine uses one object again and again: keep no reference,
 * and change nothing.
 */
export interface Sample {
  /** The value; of a counter its rate per second. Finite. */
  value: number;
  /**
   * Values of all inputs of the model at this time, `value` first; NaN where one has none. A model
   * over one series, the usual one, has no need of it.
   */
  readonly values: Float64Array;
  /** ms since the epoch */
  time: number;
  /** ms between samples as expected from the past of the series; 0 at the first one. */
  interval: number;
  /** Expected intervals since the sample before, at most 5: 1 on a regular series. */
  steps: number;
  /** Samples that this state has scored before. */
  count: number;
  /** ms since the first of them, or since a cycle was given up. */
  age: number;
  /** True when more than five intervals have passed: what is short-lived should start anew. */
  gap: boolean;
  /** True after a level shift was declared: what follows the level should settle here. */
  shifted: boolean;
  kind: MetricKind;
  /** ms of a cycle that was found in the series and is not the clock's; 0 while none is known. */
  cycle: number;
  /**
   * At the sample where the cycle is found: the means of its 24 equal parts, from time 0 on, NaN
   * where one was not seen. Else undefined.
   */
  shape: ArrayLike<number> | undefined;
}

/** What a model says about a sample. Cleared by the engine before each call. */
export interface Result {
  /** How strange, >= 0; 0 while warming up. Any unit: the engine calibrates it per series. */
  score: number;
  /**
   * Of the sample by itself, where `score` outlasts it; else NaN. Runs of strange samples go by it.
   */
  alone: number;
  /** Expected value and the band around it; NaN while unknown. */
  expected: number;
  lower: number;
  upper: number;
  /** Only of models with `calibration: 'own'`: -log10 of how rare a sample like this is. */
  evidence: number;
  /**
   * Only of models with `calibration: 'own'`: multiples of a cut of its own; 1 asks for an alarm.
   */
  ratio: number;
  /** The cycle that was found in the series holds no more: it is given up, and looked for anew. */
  lapsed: boolean;
  /** What contributed, in the order of the model's `terms`; in multiples of each term's own cut. */
  readonly terms: Float64Array;
  /** Of forecasts: when the bound is reached (ms), with the earliest and latest time; else NaN. */
  reached: number;
  earliest: number;
  latest: number;
}

export interface ModelDefinition<P = unknown, S extends ColumnsSpec = ColumnsSpec> {
  /** kebab-case, one of a kind in a configuration. */
  readonly name: string;
  /** Version of its state: raise it when a column changes its meaning. */
  readonly version: number;
  /** One sentence for people: what it finds and how. */
  readonly summary: string;
  /** All with defaults; refused with the parameter's name when out of range. */
  readonly parameters: ZodType<P>;
  /** Columns of one series. A slot is given out when it first moves; at once of what is `fixed`. */
  readonly state: S;
  /**
   * `tail` (default): the engine turns `score` into its rarity by the series' own past and cuts
   * there, so that an asked rate of alarms means the same for every model. `fixed`: a score >= 1
   * is an alarm, whatever the budget (thresholds that people set). `own`: the model fills
   * `evidence` and `ratio`.
   */
  readonly calibration?: 'tail' | 'fixed' | 'own';
  /** Whether the engine looks for a cycle in the first samples of each series: `sample.cycle`. */
  readonly cycles?: boolean;
  /** Names of what may contribute to a score, for explanations. */
  readonly terms?: readonly string[];
  /** Names of the inputs of a model over several series, the scored one first. */
  readonly inputs?: readonly string[];
  /** Scores one sample and learns from it. Slot `at` of a column of width w begins at `at * w`. */
  score(
    sample: Readonly<Sample>,
    state: Arrays<S>,
    at: number,
    parameters: P,
    result: Result,
  ): void;
  /**
   * What the state says in numbers, for people; NaN for what it does not know. Without it the
   * columns of one element are shown. Changes nothing.
   */
  describe?(
    state: Arrays<S>,
    at: number,
    parameters: P,
    now: Pick<Sample, 'time' | 'age' | 'interval' | 'cycle'>,
  ): Readonly<Record<string, number>>;
  /** Mends a slot that was loaded from version `from` (columns were matched by name before). */
  upgrade?(from: number, state: Arrays<S>, at: number): void;
}

/** A model with its parameters, ready to be run. */
export interface Model {
  readonly definition: ModelDefinition;
  readonly parameters: unknown;
}

const calibrations: ReadonlySet<string> = new Set(['tail', 'fixed', 'own']);

/** Declares a model; throws `model_invalid` when the declaration cannot work. */
export function defineModel<P, S extends ColumnsSpec>(
  definition: ModelDefinition<P, S>,
): ModelDefinition<P, S> {
  const { name, version, state, parameters, calibration = 'tail' } = definition;
  const fail = (what: string) => {
    throw new SeastateError('model_invalid', `model "${name}": ${what}`);
  };
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) fail('the name must be kebab-case');
  if (!Number.isInteger(version) || version < 1) fail('the version must be a whole number from 1');
  const columns = columnsFault(state);
  if (columns !== undefined) fail(columns);
  if (Object.keys(state).length === 0) fail('it has no state columns: declare at least one');
  if (typeof definition.score !== 'function') fail('score must be a function');
  if (isAsync(definition.score)) fail('score is async: what it does later is in no state');
  if (typeof parameters?.safeParse !== 'function') fail('its parameters must be a schema of zod');
  if (!calibrations.has(calibration)) fail(`it cannot be calibrated by "${calibration}"`);
  return definition;
}

/**
 * What is wrong with parameters, each with the path below `parameters`; empty when they are good.
 */
export function parameterProblems(
  { parameters: schema }: Pick<ModelDefinition, 'parameters'>,
  parameters: unknown,
): { path: (string | number)[]; message: string }[] {
  const issues = schema.safeParse(parameters).error?.issues ?? [];
  return issues.flatMap((issue) => {
    const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
    const known = 'shape' in schema ? Object.keys(schema.shape as object) : [];
    return issue.keys.map((key) => {
      const near = nearest(key, known);
      const hint = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
      return { path: [...path, key], message: `unknown parameter; ${hint}` };
    });
  });
}

/**
 * The model with these parameters (defaults where absent). Throws `model_parameters` that names
 * the model, the parameter and what is wrong.
 */
export function configure<P, S extends ColumnsSpec>(
  definition: ModelDefinition<P, S>,
  parameters: unknown = {},
): Model {
  const parsed = definition.parameters.safeParse(parameters);
  if (parsed.success) {
    // What a model wrote there would be in no snapshot.
    const parameters = frozen(parsed.data);
    return { definition: definition as unknown as ModelDefinition, parameters };
  }
  const what = parameterProblems(definition, parameters).map(
    ({ path, message }) => `${path.join('.') || 'parameters'}: ${message}`,
  );
  throw new SeastateError('model_parameters', `model "${definition.name}": ${what.join('; ')}`);
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  // Cannot be frozen: what a schema makes of a list of weights.
  if (ArrayBuffer.isView(value)) return value;
  for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}

/** Weight of a new value in a smoothing over `samples` samples when `steps` intervals passed. */
export function weight(samples: number, steps: number): number {
  return paced(1 / Math.max(samples, 1), steps);
}

/** The same from the weight at one interval: without a division on regular series. */
export function paced(one: number, steps: number): number {
  return steps === 1 ? one : (steps * one) / (1 + (steps - 1) * one);
}
