import type { MetricKind } from '../engine/model.ts';
import type { SeriesView } from '../engine/processor.ts';
import { kindOf } from '../models/kinds.ts';

/** By number in the protocols' metadata; what is not here says nothing. */
const types = ['', 'counter', 'gauge', 'histogram', 'gauge', 'summary'];

/**
 * What a series measures, by the type that its sender gives, else by its name. The type of a
 * histogram or summary is its family's: what it counts (`x_count`, `x_sum`, `x_bucket`) are
 * counters.
 */
export function kindOfSeries(series: SeriesView, slot: number): MetricKind {
  const name = series.label(slot, '__name__');
  const type = types[series.type(slot)] ?? '';
  const isPart = /_(count|sum|bucket)$/.test(name);
  return kindOf(name, isPart && (type === 'histogram' || type === 'summary') ? 'counter' : type);
}
