import type { MetricKind } from '../engine/model.ts';

/** What one never wants more of. */
const badNews = /(error|fail|crash|timeout|drop|reject|evict|oom|5xx|unavailable)/;

/**
 * What a series measures, from the type in its metadata and the conventions of Prometheus names
 * (prometheus.io/docs/practices/naming); settings may say otherwise.
 * The rate of an `error-counter` alarms upwards only.
 */
export function kindOf(name: string, type = ''): MetricKind {
  const isCounter = type === 'counter' || (type === '' && /_(total|count|sum|bucket)$/.test(name));
  if (isCounter) return badNews.test(name) ? 'error-counter' : 'counter';
  if (/(_ratio|percent|utili[sz]ation|_up$|^up$)/.test(name)) return 'ratio';
  if (/(latency|duration|_seconds(_quantile)?$|response_time|_ms$)/.test(name)) return 'latency';
  if (badNews.test(name)) return 'errors';
  return 'gauge';
}

/**
 * Whether a deviation is large enough, and in a direction that matters: of errors and latencies
 * only more is bad news, and a change of one event or of a few percent is none.
 */
export function matters(kind: MetricKind, value: number, expected: number): boolean {
  if (!Number.isFinite(expected)) return true;
  const change = value - expected;
  if (kind === 'errors') return change > 0 && change * change >= 9 * (Math.max(expected, 0) + 1);
  if (kind === 'error-counter') return change > 0;
  if (kind === 'latency') return change > 0.1 * Math.abs(expected);
  if (kind === 'ratio') return Math.abs(change) >= 0.01 * Math.max(1, Math.abs(expected));
  return true;
}
