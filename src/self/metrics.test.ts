import { expect, test } from 'vitest';
import { GatewayCounters } from '../gateway/counters.ts';
import { newWriterStats } from '../log/journal/stats.ts';
import { newCounters } from '../sources/counters.ts';
import { families, histograms, OwnMetrics } from './metrics.ts';

function someMetrics(): OwnMetrics {
  const counters = new GatewayCounters();
  counters.tenant('east').samples = 5;
  counters.tenant('east').refused.set('log_full', 2);
  counters.appendLatency.observe(0.002);
  const journal = {
    ...newWriterStats(),
    bytes: 7,
    segments: 1,
    truncatedTails: 0,
    truncatedBytes: 0,
    corruptBytes: 0,
    unlinkedSegments: 0,
    cacheBytes: 0,
    diskReads: 0,
  };
  const rejected = new Map([['bad_timestamp', 3]]);
  const source = {
    ...{ source: 'kafka/metrics', tenant: 'east', state: 'reading' as const, error: null, lag: 12 },
    counters: { ...newCounters(), records: 9, rejected },
  };
  return new OwnMetrics(
    {
      gateway: {
        counters,
        clusters: { count: 1 },
        knownSeries: { count: 3, bytes: 99 },
        notReady: [],
      },
      log: { journalStats: () => ({ input: journal, outputs: journal }) },
      runtime: undefined,
      sources: { status: () => [source] },
      events: { counters: newCounters() },
      book: {
        all: () => [
          {
            stage: 'cluster',
            partition: 0,
            tick: 1,
            log_time: 5_000,
            settings_version: 1,
            series: 4,
            counters: { future: 6 },
            clusters: [
              { tenant: 'east', cluster: 'c"1', title: 'c"1', series: 4, counters: { late: 8 } },
            ],
            senders: [],
            notes: [],
            unmatched: [{ processor: 'anomalies', selector: 'nothing', unmet: [] }],
          },
        ],
      },
      live: { clients: 1, dropped: 0 },
      sinks: [],
    },
    60_000,
  );
}

test('names are of one kind: base units, and counters end in _total', () => {
  const all = [...families, ...histograms];
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  for (const { name, help } of all) {
    expect(name).toMatch(/^seastate_[a-z_]+$/);
    expect(name).not.toMatch(/(milliseconds|_ms|kilobytes|minutes)(_|$)/);
    expect(help).toMatch(/\.$/);
  }
  for (const { name, type } of families) expect(name.endsWith('_total')).toBe(type === 'counter');
});

test('the older text', async () => {
  const { contentType, body } = await someMetrics().render('*/*');
  expect(contentType).toContain('text/plain; version=0.0.4');
  for (const line of [
    'seastate_gateway_samples_total{tenant="east"} 5',
    'seastate_gateway_refused_requests_total{tenant="east",reason="log_full"} 2',
    'seastate_journal_size_bytes{journal="input"} 7',
    'seastate_stage_counts_total{stage="cluster",partition="0",tenant="east",cluster="c\\"1",reason="late"} 8',
    'seastate_stage_log_time_seconds{stage="cluster",partition="0"} 5',
    'seastate_gateway_append_duration_seconds_bucket{le="0.0025"} 1',
    'seastate_gateway_append_duration_seconds_count 1',
    'seastate_config_last_reload_success_timestamp_seconds 60',
    '# TYPE process_cpu_seconds_total counter',
  ]) {
    expect(body.split('\n')).toContain(line);
  }
});

test('OpenMetrics', async () => {
  const { contentType, body } = await someMetrics().render(
    'application/openmetrics-text; version=1.0.0',
  );
  expect(contentType).toContain('application/openmetrics-text');
  expect(body).toContain('# TYPE seastate_gateway_samples counter\n');
  expect(body).toContain('seastate_gateway_samples_total{tenant="east"} 5\n');
  expect(body).not.toContain('_total_total');
  expect(body.trimEnd().endsWith('# EOF')).toBe(true);
});
