import { endsWith, parseJson } from '../line-samples/json.ts';
import type { Label, LineFormat, LineReason, LineSamples } from '../line-samples/line-samples.ts';
import { addPlain } from '../line-samples/plain.ts';
import { parseRfc3339 } from '../line-samples/rfc3339.ts';
import { addHistogram, addSummary } from './distribution.ts';

/**
 * Vector's `json` codec for metrics, and `native_json`, which wraps the same in `metric`:
 *
 *     {"name":"up","tags":{"job":"x"},"timestamp":"2026-03-01T10:00:00Z","kind":"absolute",
 *      "gauge":{"value":1.0}}
 */
export const vectorJson: LineFormat = { name: 'vector-json', read };

const kindMarks = [
  Buffer.from('","kind":"absolute","gauge":{"value":'),
  Buffer.from('","kind":"absolute","counter":{"value":'),
];

function read(into: LineSamples): LineReason | undefined {
  return readPlain(into) ? undefined : readAny(into);
}

/** A gauge or counter in the exact shape that Vector writes. */
function readPlain(into: LineSamples): boolean {
  const { bytes, start, end } = into;
  if (bytes[end - 1] !== 0x7d || bytes[end - 2] !== 0x7d) return false;
  const valueStart = bytes.lastIndexOf(0x3a, end - 2) + 1;
  const kind = kindMarks.find((mark) => endsWith(bytes, mark, start, valueStart));
  if (!kind) return false;
  return addPlain(into, valueStart - kind.length, valueStart, end - 2, labelsOf);
}

interface VectorMetric {
  readonly name?: unknown;
  readonly namespace?: unknown;
  readonly tags?: unknown;
  readonly timestamp?: unknown;
  readonly kind?: unknown;
  readonly counter?: { value?: unknown };
  readonly gauge?: { value?: unknown };
  readonly aggregated_histogram?: Aggregated;
  readonly aggregated_summary?: Aggregated;
}

interface Aggregated {
  readonly count?: unknown;
  readonly sum?: unknown;
  readonly buckets?: readonly { count: number; upper_limit: number | string }[];
  readonly quantiles?: readonly { quantile: number; value: number }[];
}

function readAny(into: LineSamples): LineReason | undefined {
  const whole = parseJson<VectorMetric & { metric?: VectorMetric }>(
    into.text(into.start, into.end),
  );
  const metric = whole?.metric ?? whole;
  if (!metric || typeof metric.name !== 'string') return 'not_a_metric';
  const stamp = Buffer.from(String(metric.timestamp));
  const time = parseRfc3339(stamp, 0, stamp.length);
  if (Number.isNaN(time)) return 'bad_timestamp';
  if (metric.kind === 'incremental') return 'incremental';
  const labels = labelsOf(metric);
  if (!labels) return 'not_a_metric';
  if (metric.aggregated_histogram) {
    return readHistogram(into, labels, metric.aggregated_histogram, time);
  }
  if (metric.aggregated_summary) return readSummary(into, labels, metric.aggregated_summary, time);
  const plain = metric.gauge ?? metric.counter;
  if (!plain) return 'kind_unsupported';
  // Vector writes NaN and infinities as null: which one is lost.
  if (plain.value === null) return 'value_null';
  if (typeof plain.value !== 'number') return 'bad_value';
  into.add(into.byLabels(labels), time, plain.value);
  return undefined;
}

function labelsOf(metric: VectorMetric): Label[] | undefined {
  if (typeof metric.name !== 'string') return undefined;
  const space = typeof metric.namespace === 'string' ? `${metric.namespace}_` : '';
  const labels: Label[] = [['__name__', space + metric.name]];
  for (const [name, tag] of Object.entries(metric.tags ?? {})) {
    // With metric_tag_values = full a tag may have several values: the last one counts.
    const value = Array.isArray(tag) ? tag.at(-1) : tag;
    if (value !== null && typeof value !== 'string') return undefined;
    labels.push([name, value ?? '']);
  }
  return labels;
}

function readHistogram(
  into: LineSamples,
  labels: Label[],
  { count, sum, buckets }: Aggregated,
  time: number,
): LineReason | undefined {
  if (typeof count !== 'number' || typeof sum !== 'number' || !buckets) return 'bad_value';
  const parts = buckets.map((one) => [one.count, boundOf(one.upper_limit)] as const);
  addHistogram(into, labels, { count, sum, parts }, time);
  return undefined;
}

const boundOf = (bound: number | string): number =>
  typeof bound === 'number' ? bound : Number.POSITIVE_INFINITY;

function readSummary(
  into: LineSamples,
  labels: Label[],
  { count, sum, quantiles }: Aggregated,
  time: number,
): LineReason | undefined {
  if (typeof count !== 'number' || typeof sum !== 'number' || !quantiles) return 'bad_value';
  const parts = quantiles.map((one) => [one.quantile, one.value] as const);
  addSummary(into, labels, { count, sum, parts }, time);
  return undefined;
}
