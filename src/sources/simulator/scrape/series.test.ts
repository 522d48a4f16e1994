import { beforeAll, describe, expect, test } from 'vitest';
import { type Collected, Collector } from '../collect.test-kit.ts';
import { createFleet } from '../fleet.ts';
import { storm, stormEndMs } from '../storm.test-kit.ts';
import type { NativeSeries } from './native-series.ts';

let collector: Collector;

beforeAll(() => {
  collector = new Collector(createFleet(storm)).run(stormEndMs);
});

/** Series without one label, by the others. */
function grouped(series: readonly Collected[], without: string): Map<string, Collected[]> {
  const groups = new Map<string, Collected[]>();
  for (const one of series) {
    const { [without]: _, ...rest } = one.labels;
    const key = JSON.stringify(rest);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return groups;
}

test('every series has one sample per moment, in order', () => {
  for (const { labels, times } of collector.series.values()) {
    for (let i = 1; i < times.length; i++) {
      if (times[i]! <= times[i - 1]!) throw new Error(`${JSON.stringify(labels)} at ${times[i]}`);
    }
  }
  expect(collector.series.size).toBeGreaterThan(4_000);
});

test('after a stale marker comes nothing but a new beginning', () => {
  let markers = 0;
  for (const { labels, values } of collector.series.values()) {
    for (let i = 1; i < values.length; i++) {
      if (!Number.isNaN(values[i]!)) continue;
      markers++;
      if (Number.isNaN(values[i - 1]!)) throw new Error(`twice stale: ${JSON.stringify(labels)}`);
    }
  }
  expect(markers).toBeGreaterThan(500);
});

test('names and labels are those of Prometheus', () => {
  for (const { name, labels } of collector.series.values()) {
    expect(name).toMatch(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/);
    expect(labels).toMatchObject({
      cluster: expect.any(String),
      prometheus_replica: expect.any(String),
    });
    for (const [key, value] of Object.entries(labels)) {
      if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(key) || value === '')
        throw new Error(`${name}: ${key}=${value}`);
    }
    const isRule = name.startsWith('ALERTS') || name.includes(':');
    if (!isRule && (!labels['job'] || !labels['instance'])) throw new Error(`${name} without job`);
  }
  const clusterIds = new Set(
    [...collector.series.values()].map(({ labels }) => labels['clusterID']),
  );
  // OpenShift has one, vanilla Kubernetes none.
  expect(clusterIds.size).toBe(2);
});

/** Names beside those of a family: its parts. */
const parts = ['_bucket', '_sum', '_count'];

test('a family has one type, and its names end as the type wants', () => {
  const types = new Map<string, string>();
  for (const { name, family, type } of collector.series.values()) {
    expect(types.get(family) ?? type).toBe(type);
    types.set(family, type);
    if (name === family) continue;
    expect(type).toBe('histogram');
    expect(parts.map((part) => family + part)).toContain(name);
  }
  expect(types.get('apiserver_request_total')).toBe('counter');
  expect(types.get('kube_pod_container_status_restarts_total')).toBe('counter');
  expect(types.get('kube_node_status_condition')).toBe('gauge');
  expect(types.get('etcd_disk_wal_fsync_duration_seconds')).toBe('histogram');
});

/** Counters that fall, with the moments. */
function falls(of: readonly Collected[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const { labels, type, name, times, values } of of) {
    if (type !== 'counter' && type !== 'histogram') continue;
    for (let i = 1; i < values.length; i++) {
      if (values[i]! < values[i - 1]!) {
        const key = `${labels['job']} ${labels['instance']} ${labels['pod'] ?? ''}`;
        found.set(key, [...(found.get(key) ?? []), times[i]!]);
      }
      if (values[i]! < 0) throw new Error(`${name} is negative`);
    }
  }
  return found;
}

describe('counters', () => {
  test('never fall on a calm day', () => {
    const calm = createFleet({ ...storm, script: 'none', rolloutsPerHour: 0 });
    const { series } = new Collector(calm).run(stormEndMs);
    expect([...falls([...series.values()])]).toEqual([]);
  });

  test('fall only where a process started again', () => {
    const starts = new Map<string, Set<number>>();
    const addStart = (key: string, timeMs: number): void => {
      starts.set(key, (starts.get(key) ?? new Set()).add(timeMs));
    };
    for (const name of ['process_start_time_seconds', 'node_boot_time_seconds']) {
      for (const { labels, values } of collector.find(name)) {
        for (const value of values) addStart(`${labels['instance']}`, value * 1000);
      }
    }
    const instances = new Set<string>();
    for (const [key, times] of falls([...collector.series.values()])) {
      const [job, instance = ''] = key.split(' ');
      // These run on a node and begin anew with it; their series have no start of their own.
      if (['etcd', 'kube-controller-manager', 'kube-scheduler', 'kubelet'].includes(job!)) continue;
      instances.add(`${job} ${instance}`);
      expect([key, starts.get(instance)?.size ?? 0, times.length]).toEqual([
        key,
        expect.toSatisfy((count: number) => count > 1),
        times.length,
      ]);
    }
    expect(instances.size).toBeGreaterThan(0);
  });
});

test('buckets of classic histograms are cumulative, and the last one is the count', () => {
  const buckets = [...collector.series.values()].filter(({ name }) => name.endsWith('_bucket'));
  let groups = 0;
  for (const [key, group] of grouped(buckets, 'le')) {
    const sorted = group.sort((a, b) => bound(a) - bound(b));
    expect(bound(sorted.at(-1)!)).toBe(Number.POSITIVE_INFINITY);
    const count = countOf(key);
    sorted.forEach(({ times, values }, index) => {
      const above = sorted[index + 1]?.values ?? count.values;
      expect(times).toEqual(count.times);
      values.forEach((value, i) => {
        if (value > above[i]!) throw new Error(`${key} at ${times[i]}: ${value} > ${above[i]}`);
      });
    });
    expect(sorted.at(-1)!.values).toEqual(count.values);
    groups++;
  }
  expect(groups).toBeGreaterThan(30);
});

const bound = ({ labels }: Collected): number =>
  labels['le'] === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels['le']);

function countOf(key: string): Collected {
  const labels = JSON.parse(key) as Record<string, string>;
  const name = labels['__name__']!.replace(/_bucket$/, '_count');
  const wanted = { ...labels, __name__: name };
  const found = collector.series.get(JSON.stringify(sortKeys(wanted)));
  if (!found) throw new Error(`no ${name} for ${key}`);
  return found;
}

function sortKeys(labels: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

test('counts of native histograms agree with their buckets and never fall', async () => {
  const { NativeSeries } = await import('./native-series.ts');
  const { Random } = await import('../random.ts');
  const { nativeHistogram } = await import('../metrics/kinds.ts');
  const make = (customBounds: number[]): NativeSeries =>
    new NativeSeries(
      0,
      nativeHistogram('x', () => ({ rate: 7.3, median: 0.02, spread: 1.4 }), { customBounds }),
      0,
    );
  for (const series of [make([]), make([0.001, 0.01, 0.1])]) {
    const random = new Random(2);
    let before = 0;
    for (let i = 0; i < 200; i++) {
      const counts = series.counts.slice();
      series.observe({} as never, 15, random);
      expect(series.counts.every((count, index) => count >= counts[index]!)).toBe(true);
      expect(series.counts.reduce((sum, count) => sum + count, 0)).toBe(series.count);
      expect(series.count).toBeGreaterThan(before);
      before = series.count;
    }
    expect(before / (200 * 15)).toBeCloseTo(7.3, 1);
  }
});

test('up says whether the rest of a target is there', () => {
  const downs = collector
    .find('up', { job: 'node-exporter' })
    .filter(({ values }) => values.includes(0));
  expect(downs.length).toBeGreaterThan(0);
  for (const { labels, times, values } of downs) {
    const { instance, cluster, prometheus_replica } = labels;
    const [load] = collector.find('node_load1', { instance, cluster, prometheus_replica } as never);
    const at = new Map(load!.times.map((time, index) => [time, load!.values[index]!]));
    times.forEach((time, index) => {
      if (values[index] === 1) expect(at.get(time)).toBeGreaterThan(0);
      if (values[index] === 0 && values[index - 1] === 1) expect(at.get(time)).toBeNaN();
      if (values[index] === 0 && values[index - 1] === 0) expect(at.has(time)).toBe(false);
    });
  }
});

test('load has a day, and CPU and requests go together', () => {
  const calm = createFleet({
    ...storm,
    clusters: 1,
    script: 'none',
    rolloutsPerHour: 0,
    intervalMs: 120_000,
  });
  const day = new Collector(calm).run(storm.startMs + 86_400_000);
  const rates = (series: Collected): number[] =>
    series.values.slice(1).map((value, i) => value - series.values[i]!);
  const [requests] = day
    .find('http_requests_total', { code: '200' })
    .filter(({ times }) => times.length > 700);
  const pod = requests!.labels['pod']!;
  const [cpu] = day.find('container_cpu_usage_seconds_total', { pod });
  const a = rates(requests!);
  const b = rates(cpu!);
  expect(correlation(a, b.slice(0, a.length))).toBeGreaterThan(0.6);
  const hours = Array.from({ length: 24 }, (_, hour) =>
    a.slice(hour * 30, hour * 30 + 30).reduce((x, y) => x + y, 0),
  );
  expect(Math.max(...hours) / Math.min(...hours)).toBeGreaterThan(1.8);
});

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (x: readonly number[]): number => x.reduce((sum, y) => sum + y, 0) / x.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  const cross = mean(a.map((x, i) => (x - meanA) * (b[i]! - meanB)));
  return (
    cross / Math.sqrt(mean(a.map((x) => (x - meanA) ** 2)) * mean(b.map((x) => (x - meanB) ** 2)))
  );
}
