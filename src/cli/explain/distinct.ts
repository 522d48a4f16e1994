import { parseSelector } from '../../core/matchers.ts';
import type { SeriesExplanation } from '../../engine/explain.ts';
import type { PartitionState } from '../../engine/partition-state.ts';
import type { AnomaliesOfSeries } from '../../processors/anomalies/explain.ts';

/**
 * What is known of at most `max` series that match the first selector, or one of the others and are
 * histograms; of those each once, whichever of its series match.
 */
export function distinctSeries(
  state: PartitionState,
  selectors: readonly string[],
  max: number,
): SeriesExplanation[] {
  const found = new Map<string, SeriesExplanation>();
  for (const [k, selector] of selectors.entries()) {
    for (const series of state.explain(parseSelector(selector))) {
      const histogram = histogramOf(series);
      if (k > 0 && !histogram) continue;
      // Each bucket of a histogram says the same.
      const key = JSON.stringify([series.tenant, series.cluster, histogram ?? series.labels]);
      if (!found.has(key)) found.set(key, series);
      if (found.size === max) return [...found.values()];
    }
  }
  return [...found.values()];
}

function histogramOf({ processors }: SeriesExplanation): object | undefined {
  const { anomalies } = processors as { anomalies?: AnomaliesOfSeries };
  return anomalies?.histogram ? [anomalies.histogram.form, anomalies.histogram.labels] : undefined;
}
