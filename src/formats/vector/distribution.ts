import { formatDecimal } from '../line-samples/decimal.ts';
import type { Label, LineSamples } from '../line-samples/line-samples.ts';

/** A histogram or summary as Vector prints it. */
export interface Distribution {
  readonly count: number;
  readonly sum: number;
  /** Histogram: [count in the bucket, upper bound]. Summary: [quantile, value]. */
  readonly parts: readonly (readonly [number, number])[];
}

/** As the classic series of Prometheus: `_bucket` (cumulative), `_count`, `_sum`. */
export function addHistogram(
  into: LineSamples,
  labels: readonly Label[],
  { count, sum, parts }: Distribution,
  time: number,
): void {
  const bounds = parts.toSorted(([, a], [, b]) => a - b);
  let total = 0;
  for (const [inBucket, bound] of bounds) {
    if (bound === Number.POSITIVE_INFINITY) continue;
    total += inBucket;
    add(into, labels, '_bucket', [['le', formatDecimal(bound)]], total, time);
  }
  add(into, labels, '_bucket', [['le', '+Inf']], count, time);
  addTotals(into, labels, count, sum, time);
}

/** As the series of Prometheus: one per `quantile`, `_count`, `_sum`. */
export function addSummary(
  into: LineSamples,
  labels: readonly Label[],
  { count, sum, parts }: Distribution,
  time: number,
): void {
  for (const [quantile, value] of parts) {
    add(into, labels, '', [['quantile', formatDecimal(quantile)]], value, time);
  }
  addTotals(into, labels, count, sum, time);
}

function addTotals(
  into: LineSamples,
  labels: readonly Label[],
  count: number,
  sum: number,
  time: number,
): void {
  add(into, labels, '_count', [], count, time);
  add(into, labels, '_sum', [], sum, time);
}

function add(
  into: LineSamples,
  labels: readonly Label[],
  suffix: string,
  more: readonly Label[],
  value: number,
  time: number,
): void {
  const named = labels.map(
    ([name, text]): Label => (name === '__name__' ? [name, text + suffix] : [name, text]),
  );
  into.add(into.byLabels([...named, ...more]), time, value);
}
