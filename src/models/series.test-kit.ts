import type { ColumnsSpec } from '../engine/columns.ts';
import { configure, type MetricKind, type ModelDefinition } from '../engine/model.ts';
import { Scorer, type ScorerOptions } from './scorer.ts';
import type { Verdict } from './verdict.ts';

/** Series with known properties, for tests and benchmarks: the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Standard normal numbers (Box and Muller). */
export function normalOf(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export interface Made {
  readonly times: Float64Array;
  readonly values: Float64Array;
}

/** `length` samples `interval` ms apart from Monday 2024-01-01, value of sample i by `of`. */
export function made(
  length: number,
  interval: number,
  of: (i: number, time: number) => number,
): Made {
  const start = Date.UTC(2024, 0, 1);
  const times = Float64Array.from({ length }, (_, i) => start + i * interval);
  return { times, values: Float64Array.from({ length }, (_, i) => of(i, times[i]!)) };
}

/** Daily wave of height 1 around 0. */
export const daily = (time: number): number => Math.sin((2 * Math.PI * time) / 86_400_000);

export interface Row extends Verdict {
  readonly index: number;
}

/** All verdicts of one pass over a series. */
export function passOf<P, S extends ColumnsSpec>(
  definition: ModelDefinition<P, S>,
  series: Made,
  options: ScorerOptions & { parameters?: unknown; kind?: MetricKind } = {},
): Row[] {
  const { parameters, kind = 'gauge', ...rest } = options;
  const scorer = new Scorer(configure(definition, parameters), rest);
  return Array.from(series.values, (value, index) => {
    const verdict = scorer.push(0, series.times[index]!, value, kind);
    return { ...verdict, terms: verdict.terms.slice(), index };
  });
}

export const alarmsOf = (rows: readonly Row[]): number[] =>
  rows.filter((row) => row.alarm).map((row) => row.index);
