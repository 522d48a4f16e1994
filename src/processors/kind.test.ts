import { expect, test } from 'vitest';
import type { SeriesView } from '../engine/processor.ts';
import { kindOfSeries } from './kind.ts';

const [unknown, counter, gauge, histogram, gaugeHistogram, summary, info] = [0, 1, 2, 3, 4, 5, 6];

test.each([
  ['http_request_duration_seconds_count', histogram, 'counter'],
  ['http_request_duration_seconds_sum', summary, 'counter'],
  ['http_request_duration_seconds_bucket', histogram, 'counter'],
  ['http_request_duration_seconds', summary, 'latency'],
  ['http_request_duration_seconds', histogram, 'latency'],
  ['failed_request_seconds_count', histogram, 'error-counter'],
  ['queue_wait_bucket', gaugeHistogram, 'gauge'],
  ['kube_pod_count', gauge, 'gauge'],
  ['kube_pod_count', unknown, 'counter'],
  ['requests', counter, 'counter'],
  ['requests_total', info, 'counter'],
])('%s of type %d measures %s', (name, type, kind) => {
  const series = { label: () => name, type: () => type } as unknown as SeriesView;
  expect(kindOfSeries(series, 0)).toBe(kind);
});
