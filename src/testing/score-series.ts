import type { ColumnsSpec } from '../engine/columns.ts';
import { configure, type MetricKind, type ModelDefinition } from '../engine/model.ts';
import { Scorer } from '../models/scorer.ts';
import type { Verdict } from '../models/verdict.ts';

export interface ScoredSeries {
  readonly values: ArrayLike<number>;
  /** ms; by default one sample a minute. */
  readonly times?: ArrayLike<number>;
  readonly kind?: MetricKind;
  readonly parameters?: unknown;
  /** Alarms per series and day that may be raised by chance. */
  readonly asked?: number;
}

/**
 * What the engine makes of one series with a model, sample by sample, as the running program would.
 */
export function scoreSeries<P, S extends ColumnsSpec>(
  definition: ModelDefinition<P, S>,
  { values, times, kind = 'gauge', parameters, asked }: ScoredSeries,
): (Verdict & { readonly index: number })[] {
  const scorer = new Scorer(configure(definition, parameters), {
    guard: true,
    ...(asked !== undefined && { asked }),
  });
  return Array.from(values, (value, index) => {
    const time = times ? times[index]! : 1_700_000_000_000 + index * 60_000;
    const verdict = scorer.push(0, time, value, kind);
    return { ...verdict, terms: verdict.terms.slice(), index };
  });
}
