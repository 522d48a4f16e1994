import { describe, expect, test } from 'vitest';
import type { ProcessorDefinition } from '../../engine/processor.ts';
import { StageDriver } from '../../testing/stage-driver.ts';
import { anomalies } from './definition.ts';

import { anomalyData } from './schema.ts';

const step = 60_000;

/** Deterministic noise in [-1, 1). */
function noise(i: number): number {
  const x = Math.imul(i + 1, 0x9e3779b1) ^ (i << 7);
  return (Math.imul(x ^ (x >>> 15), 0x85ebca6b) >>> 0) / 2 ** 31 - 1;
}

const gauge = (labels: Record<string, string>, time: number, value: number | 'stale') => ({
  labels: Object.entries({ __name__: 'queue_length', ...labels }) as [string, string][],
  samples: [{ time, value }],
});

/** Feeds one sample a minute for `minutes`; `shape` gives the value, undefined: none. */
function feed(
  d: StageDriver,
  minutes: number,
  shape: (i: number) => number | 'stale' | undefined,
  labels: Record<string, string> = { pod: 'web-7d9c5b6f4c-x2x4z', namespace: 'shop' },
): void {
  for (let i = 0; i < minutes; i++) {
    const value = shape(i);
    const clock = {
      labels: [['__name__', 'up']] as [string, string][],
      samples: [{ time: d.now, value: 1 }],
    };
    d.samples('c1', value === undefined ? [clock] : [clock, gauge(labels, d.now, value)]);
    d.now += step;
  }
}

const calm = (i: number) => 100 + 5 * noise(i);

describe.each([false, true])('restored after each record: %s', (restoreAfterEach) => {
  const driver = () => new StageDriver([anomalies as ProcessorDefinition], { restoreAfterEach });
  const told = (d: StageDriver) => d.of('anomalies').map(({ data }) => anomalyData.parse(data));

  test('a burst is one interval, opened and closed, with what was expected', () => {
    const d = driver();
    feed(d, 400, calm);
    expect(told(d)).toEqual([]);
    feed(d, 6, (i) => 400 + 10 * i);
    feed(d, 30, (i) => calm(i + 500));
    const all = told(d);
    expect(all[0]).toMatchObject({
      state: 'open',
      direction: 'up',
      metric: 'queue_length',
      model: 'default',
      cluster: 'c1',
      end: null,
    });
    expect(all[0]!.expected).toBeGreaterThan(80);
    expect(all[0]!.upper).toBeLessThan(200);
    expect(all.at(-1)).toMatchObject({ state: 'closed' });
    expect(new Set(d.of('anomalies').map(({ subject }) => subject)).size).toBe(1);
  });

  test('cycles are looked for in so many series at once, the others are counted', () => {
    const d = driver();
    const content = { anomalies: { cycle_searches_max: 1 } };
    d.record('settings', { version: 1, sha256: '', content });
    for (const app of ['a', 'b', 'c']) feed(d, 30, calm, { app });
    d.advance(20_000);
    expect(d.of('status').at(-1)!.data.counters['anomalies_cycles_over_limit']).toBe(2);
  });

  test('a stopped series is told once, and its return closes it', () => {
    const d = driver();
    feed(d, 200, calm);
    feed(d, 5, () => undefined);
    expect(told(d).map(({ kind, state }) => `${kind} ${state}`)).toEqual(['stopped open']);
    feed(d, 10, calm);
    expect(told(d).map(({ kind, state }) => `${kind} ${state}`)).toEqual([
      'stopped open',
      'stopped closed',
    ]);
  });

  test("a pod's successor goes on with what was known of it", () => {
    const d = driver();
    feed(d, 300, calm);
    feed(d, 1, () => 'stale');
    feed(d, 20, calm, { pod: 'web-7d9c5b6f4c-qqqqq', namespace: 'shop' });
    d.advance(20_000);
    expect(d.of('status').at(-1)!.data.counters).toMatchObject({ anomalies_inherited: 1 });
    feed(d, 3, () => 500, { pod: 'web-7d9c5b6f4c-qqqqq', namespace: 'shop' });
    expect(told(d).length).toBeGreaterThan(0);
  });
});

test('routes choose model and budget; what is over the budget is withheld and counted', () => {
  const d = new StageDriver([anomalies as ProcessorDefinition]);
  const route = {
    select: '{__name__="queue_length"}',
    model: 'static-threshold',
    parameters: { above: 1_000 },
    per_cluster_day: 1,
  };
  d.record('settings', { version: 1, sha256: '', content: { anomalies: { routes: [route] } } });
  for (let round = 0; round < 60; round++) {
    feed(d, 8, calm, { i: String(round) });
    feed(d, 2, () => 5_000, { i: String(round) });
  }
  d.advance(20_000);
  const { counters } = d.of('status').at(-1)!.data;
  expect(counters.anomalies_opened).toBeGreaterThan(0);
  expect(counters.anomalies_withheld).toBeGreaterThan(0);
  // What a route has used goes with it.
  const opened = (): number => d.of('status').at(-1)!.data.counters.anomalies_opened;
  const content = (routes: object[]): object => ({ anomalies: { routes } });
  d.record('settings', { version: 2, sha256: '', content: content([]) });
  d.record('settings', { version: 3, sha256: '', content: content([route]) });
  const before = opened();
  feed(d, 8, calm, { i: 'new' });
  feed(d, 2, () => 5_000, { i: 'new' });
  d.advance(20_000);
  expect(opened()).toBe(before + 1);
});

test('series that pass a bound together are told together', () => {
  const d = new StageDriver([anomalies as ProcessorDefinition], { restoreAfterEach: true });
  const select = '{__name__="queue_length"}';
  const route = { select, model: 'static-threshold', parameters: { above: 1_000 } };
  d.record('settings', {
    version: 1,
    sha256: '',
    content: { anomalies: { routes: [route] } },
  });
  const pods = ['a', 'b', 'c'];
  for (let i = 0; i < 12; i++) {
    const value = i < 10 ? calm(i) : 5_000;
    d.samples(
      'c1',
      pods.map((pod) => gauge({ pod }, d.now, value)),
    );
    d.now += step;
  }
  const told = d.of('anomalies').map(({ data }) => anomalyData.parse(data));
  expect(told.map(({ labels, direction }) => [labels['pod'], direction])).toEqual(
    pods.map((pod) => [pod, 'up']),
  );
});

test('switched off, nothing is scored; switched on again, it begins', () => {
  const d = new StageDriver([anomalies as ProcessorDefinition]);
  d.record('settings', { version: 1, sha256: '', content: { disabled: ['anomalies'] } });
  feed(d, 400, calm);
  feed(d, 6, () => 4_000);
  expect(d.of('anomalies')).toEqual([]);
  d.record('settings', { version: 2, sha256: '', content: {} });
  feed(d, 400, calm);
  feed(d, 6, () => 4_000);
  expect(d.of('anomalies').length).toBeGreaterThan(0);
});

/** A counter that grows evenly beside the clock, one sample a minute. */
function count(d: StageDriver, minutes: number): void {
  for (let i = 0; i < minutes; i++) {
    const labels = [['__name__', 'requests_total']] as [string, string][];
    d.samples('c1', [{ labels, samples: [{ time: d.now, value: d.now / 1000 - 1.69e9 }] }]);
    d.now += step;
  }
}

const above = (bound: number, select: string) => ({
  select,
  model: 'static-threshold',
  parameters: { above: bound },
});
let version = 0;
const route = (d: StageDriver, routes: object[]) =>
  d.record('settings', { version: ++version, sha256: '', content: { anomalies: { routes } } });

test('a counter that a later route takes is scored by its rate', () => {
  const d = new StageDriver([anomalies as ProcessorDefinition]);
  route(d, []);
  count(d, 20);
  route(d, [above(50, '{__name__="requests_total"}')]);
  count(d, 20);
  expect(d.of('anomalies')).toEqual([]);
});

test('what no route takes any more is closed', () => {
  const d = new StageDriver([anomalies as ProcessorDefinition]);
  route(d, [above(50, '{__name__="queue_length"}')]);
  feed(d, 10, (i) => 10 + (i % 3));
  feed(d, 10, (i) => 100 + (i % 3));
  expect(d.of('anomalies').map(({ data }) => data.state)).toEqual(['open']);
  route(d, []);
  expect(d.of('anomalies').map(({ data }) => data.state)).toEqual(['open', 'closed']);
});

test('routes with the same model keep their own series when settings change', () => {
  const run = (again: boolean) => {
    const d = new StageDriver([anomalies as ProcessorDefinition]);
    const routes = [{ select: '{i="a"}' }, { select: '{i="b"}' }];
    route(d, routes);
    feed(d, 400, calm, { i: 'a' });
    if (again) route(d, routes);
    feed(d, 6, () => 4_000, { i: 'a' });
    return d.of('anomalies').map(({ data }) => data);
  };
  expect(run(false).length).toBeGreaterThan(0);
  expect(run(true)).toEqual(run(false));
});

test('another budget of false alarms keeps what is known of the series', () => {
  const d = new StageDriver([anomalies as ProcessorDefinition], { restoreAfterEach: true });
  const ask = (per_series_day: number) => route(d, [{ select: '{pod=~".+"}', per_series_day }]);
  ask(0.2);
  feed(d, 400, calm);
  ask(0.001);
  feed(d, 1, () => 112);
  expect(d.of('anomalies')).toEqual([]);
  ask(1_000);
  feed(d, 1, () => 112);
  const [told] = d.of('anomalies').map(({ data }) => anomalyData.parse(data));
  expect(told!.confidence).toBeGreaterThan(0.6);
});

test('settings that name no model, or a bad selector, are refused and nothing halts', () => {
  const d = new StageDriver([anomalies as ProcessorDefinition]);
  route(d, [{ select: '{i="a"}', model: 'nothing' }]);
  route(d, [{ select: '{i=' }]);
  route(d, [above(Number.NaN, '{i="a"}')]);
  expect(d.of('rejected').map(({ data }) => data.reason)).toEqual(
    Array(3).fill('settings_invalid'),
  );
});
