import { expect, test } from 'vitest';
import { ByteWriter } from '../../core/bytes.ts';
import type { ProcessorDefinition } from '../../engine/processor.ts';
import type { SeriesInput } from '../../formats/remote-write/encode.ts';
import { StageDriver } from '../../testing/stage-driver.ts';
import { likeOf, medianOf, spreadOf } from './like.ts';
import { peers } from './peers.ts';
import { peersData } from './schema.ts';
import { Tracked } from './tracked.ts';

const at = Date.UTC(2026, 0, 1);
const series = (name: string, labels: Record<string, string>, time: number, value: number) =>
  ({
    labels: Object.entries({ __name__: name, ...labels }),
    samples: [{ time, value }],
  }) as unknown as SeriesInput;

function run(section: object | undefined, restoreAfterEach = false): StageDriver {
  const d = new StageDriver([peers as ProcessorDefinition], { restoreAfterEach, startMs: at });
  if (section) {
    d.record('settings', { version: 1, sha256: 'x', content: { peers: section } });
  }
  for (let i = 0; i < 21; i++) {
    for (const cluster of ['c1', 'c2']) {
      const all = Array.from({ length: 5 }, (_, k) => {
        const of = { pod: `web-7d9c5b6f4c-bcdf${k + 4}`, cluster, namespace: 'shop' };
        return [
          series('queue_length', of, d.now, 10 * k),
          series('requests_total', of, d.now, (k + 1) * 60 * i),
        ];
      });
      d.samples(cluster, [...all.flat(), series('alone', { job: 'a' }, d.now, 1)]);
    }
    d.advance(30_000);
  }
  return d;
}

const told = (d: StageDriver) => d.of('peers').map(({ data }) => peersData.parse(data));

test.each([false, true])('groups of like series, restored after each record: %s', (restore) => {
  const d = run({ select: ['{__name__=~".+"}'] }, restore);
  const all = told(d);
  expect(all).toHaveLength(8);
  const c1 = all.filter(({ cluster, to }) => cluster === 'c1' && to.endsWith('00:10:00.000Z'));
  expect(c1).toMatchObject([
    { metric: 'queue_length', unit: 'value', count: 5, median: 20, spread: 10 },
    { metric: 'requests_total', unit: 'rate', count: 5, median: 6, spread: 2 },
  ]);
  expect(c1[0]).toMatchObject({ workload: 'web', labels: { namespace: 'shop' } });
  const of = (cluster: string) =>
    all.filter((each) => each.cluster === cluster).map(({ cohort }) => cohort);
  expect(of('c1')).toEqual(of('c2'));
  expect(d.outputs).toEqual(run({ select: ['{__name__=~".+"}'] }).outputs);
});

test('a series that is chosen again keeps its one place', () => {
  // Settings may choose a slot that nobody has, and then a series is born there.
  const [once, twice] = [new Tracked(), new Tracked()].map((tracked, i) => {
    for (let k = 0; k <= i; k++) tracked.add(3);
    tracked.sample(3, at, 1);
    const out = new ByteWriter();
    tracked.save(out, 4);
    return out.take();
  });
  expect(twice).toEqual(once);
});

test('nothing is told unless it is asked for', () => {
  expect(told(run(undefined))).toEqual([]);
});

test.each([false, true])(
  'resets, ends and late types; restored after each record: %s',
  (restore) => {
    const d = new StageDriver([peers as ProcessorDefinition], {
      restoreAfterEach: restore,
      startMs: at,
    });
    d.record('settings', { version: 1, sha256: 'x', content: { peers: { select: ['{}'] } } });
    for (let i = 0; i <= 30; i++) {
      const all = Array.from({ length: 4 }, (_, k) => {
        const own = { job: 'a', instance: `i${k}` };
        // The last one ends in the second five minutes; all begin anew at the thirteenth scrape.
        const counted = series('jobs_total', own, d.now, 60 * (i < 13 ? i : i - 13));
        const ended = series('jobs_total', own, d.now, Number.NaN);
        const gauge = series('kube_pod_count', own, d.now, 7 * k);
        const typed = { ...gauge, metadata: { type: 'gauge' as const } };
        return k === 3 && i >= 15 ? (i === 15 ? [ended] : []) : [counted, typed];
      });
      d.samples('c1', all.flat());
      d.advance(30_000);
    }
    const of = (metric: string) =>
      told(d)
        .filter((each) => each.metric === metric)
        .map(({ count, median, unit }) => [count, median, unit]);
    expect(of('kube_pod_count')).toEqual([
      [4, 10.5, 'value'],
      [4, 10.5, 'value'],
      [3, 7, 'value'],
    ]);
    // Ten scrapes of 60 in 300 s; of the second five minutes one is lost to the reset.
    expect(of('jobs_total')).toEqual([
      [4, 2, 'rate'],
      [4, expect.any(Number), 'rate'],
      [3, 2, 'rate'],
    ]);
    expect(of('jobs_total')[1]![1]).toBeGreaterThan(1.7);
  },
);

test('groups over the limit are dropped and counted', () => {
  const d = run({ select: ['{namespace="shop"}'], max_groups: 1 });
  expect(told(d).map(({ metric }) => metric)).toEqual(Array(4).fill('queue_length'));
  expect(d.of('status').at(-1)!.data.counters).toMatchObject({ peers_groups_over_limit: 4 });
});

test('what like series have in common', () => {
  const labels = (node: string, instance: string) =>
    likeOf([
      ['__name__', 'node_load1'],
      ['instance', instance],
      ['job', 'node'],
      ['node', node],
    ]);
  expect(labels('a', '1:9100')).toEqual(labels('b', '2:9100'));
  expect(labels('a', '1:9100').labels).toEqual({ __name__: 'node_load1', job: 'node' });
});

test('median and spread', () => {
  const values = Float64Array.of(9, 1, 5, 3);
  expect(medianOf(values)).toBe(4);
  expect(spreadOf(values, 4)).toBe(2);
});
