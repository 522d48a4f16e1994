import { describe, expect, test } from 'vitest';
import type { ProcessorDefinition } from '../../../engine/processor.ts';
import type { SeriesInput } from '../../../formats/remote-write/encode.ts';
import { metric as name, Service } from '../../../testing/histograms.test-kit.ts';
import { StageDriver } from '../../../testing/stage-driver.ts';
import { anomalies } from '../definition.ts';
import { anomalyData } from '../schema.ts';
import { boundOf } from './names.ts';
import { observationsOf, quantileOf } from './quantile.ts';

const step = 60_000;
const shop = { job: 'shop' };

const told = (d: StageDriver) => d.of('anomalies').map(({ data }) => anomalyData.parse(data));
const counters = (d: StageDriver) => {
  d.advance(20_000);
  return d.of('status').at(-1)!.data.counters;
};
const slowAt = (i: number, from: number) => (i >= from && i < from + 8 ? 12 : 1);

describe.each([false, true])('restored after each record: %s', (restoreAfterEach) => {
  const driver = () => new StageDriver([anomalies as ProcessorDefinition], { restoreAfterEach });
  const minutes = restoreAfterEach ? 160 : 400;

  test('a classic histogram is scored by its quantiles, whatever way its buckets come', () => {
    const ways: ((all: SeriesInput[]) => SeriesInput[][])[] = [
      (all) => [all],
      (all) => all.map((each) => [each]),
      (all) => [all.slice(6).reverse(), all.slice(0, 6)],
    ];
    const outputs = ways.slice(0, restoreAfterEach ? 1 : 3).map((way) => {
      const d = driver();
      const service = new Service();
      for (let i = 0; i < minutes + 20; i++) {
        service.minute(slowAt(i, minutes));
        for (const part of way(service.series(d.now))) d.samples('c1', part);
        d.now += step;
      }
      const all = told(d);
      expect(all.length).toBeGreaterThan(0);
      for (const each of all) {
        expect(each).toMatchObject({ metric: name, direction: 'up', kind: 'improbable' });
        expect(['0.5', '0.99']).toContain(each.labels['quantile']);
        expect(each.labels['le']).toBeUndefined();
      }
      expect(all[0]!.expected).toBeLessThan(0.2);
      expect(all[0]!.observed).toBeGreaterThan(0.3);
      return d.of('anomalies');
    });
    for (const other of outputs) expect(other).toEqual(outputs[0]);
  });

  test('a native histogram is scored by its quantiles and by the rate of its count', () => {
    const d = driver();
    const service = new Service();
    for (let i = 0; i < minutes + 20; i++) {
      service.minute(slowAt(i, minutes));
      d.samples('c1', [service.native(d.now)]);
      d.now += step;
    }
    const first = told(d)[0]!;
    expect(first).toMatchObject({ metric: name, direction: 'up' });
    expect(first.labels['quantile']).toBeDefined();
    expect(first.expected).toBeLessThan(0.2);
  });
});

test('the rate of a native histogram alarms without a quantile', () => {
  const d = new StageDriver([anomalies as ProcessorDefinition]);
  const service = new Service();
  for (let i = 0; i < 420; i++) {
    for (let k = 0; k < (slowAt(i, 400) > 1 ? 10 : 1 + (i % 2)); k++) service.minute(1);
    d.samples('c1', [service.native(d.now)]);
    d.now += step;
  }
  const rate = told(d).find(({ labels }) => labels['quantile'] === undefined);
  expect(rate).toMatchObject({ metric: name, direction: 'up' });
  expect(rate!.observed).toBeGreaterThan(10);
});

test('an anomaly of a quantile is closed when too little is observed to go on', () => {
  const d = new StageDriver([anomalies as ProcessorDefinition]);
  const service = new Service();
  for (let i = 0; i < 430; i++) {
    if (i < 403) service.minute(slowAt(i, 400));
    d.samples('c1', service.series(d.now));
    if (i === 402) expect(told(d).at(-1)!.state).toBe('open');
    d.advance(step);
  }
  const last = told(d).at(-1)!;
  expect(last.state).toBe('closed');
  expect(Date.parse(last.end!)).toBe(d.records[0]!.timestamp + 402 * step);
});

test('resets, missing buckets, other spellings and a late bucket raise nothing', () => {
  const d = new StageDriver([anomalies as ProcessorDefinition]);
  let service = new Service();
  for (let i = 0; i < 500; i++) {
    if (i % 97 === 96) service = new Service();
    service.minute(1);
    const all = service.series(d.now, shop, i < 300 ? String : (bound) => bound.toExponential());
    d.samples('c1', i % 50 === 49 ? all.filter((_, k) => k !== 4) : all);
    if (i === 200) d.samples('c1', service.series(d.now - 5000).slice(3, 4));
    d.now += step;
  }
  expect(told(d).filter(({ labels }) => labels['quantile'] !== undefined)).toEqual([]);
  expect(counters(d).anomalies_model_failed).toBeUndefined();
});

test('a bucket that is a scrape behind is left out, counted', () => {
  const d = new StageDriver([anomalies as ProcessorDefinition]);
  const service = new Service();
  let behind: SeriesInput[] = [];
  for (let i = 0; i < 60; i++) {
    service.minute(1);
    const all = service.series(d.now);
    d.samples('c1', i < 30 ? all : [...all.slice(0, 4), ...all.slice(5)]);
    if (behind.length > 0) d.samples('c1', behind);
    behind = i < 30 ? [] : all.slice(4, 5);
    d.now += step;
  }
  expect(told(d)).toEqual([]);
  expect(counters(d)).toMatchObject({ anomalies_bucket_late: 29 });
});

test('kept or restored at every record, all outputs are the same bytes', () => {
  const outputs = [false, true].map((restoreAfterEach) => {
    const d = new StageDriver([anomalies as ProcessorDefinition], { restoreAfterEach });
    const service = new Service();
    for (let i = 0; i < 90; i++) {
      service.minute(slowAt(i, 80));
      const all = service.series(d.now);
      d.samples('c1', all.slice(0, 5));
      d.samples('c1', [...all.slice(5), service.native(d.now)]);
      d.now += step;
    }
    return d.outputs;
  });
  expect(outputs[0]!.length).toBeGreaterThan(0);
  expect(outputs[1]).toEqual(outputs[0]);
});

test('without its open bucket a histogram says nothing, counted', () => {
  const d = new StageDriver([anomalies as ProcessorDefinition]);
  const service = new Service();
  for (let i = 0; i < 10; i++) {
    service.minute(1);
    d.samples('c1', i < 4 ? service.series(d.now) : service.series(d.now).slice(0, -1));
    d.now += step;
  }
  expect(counters(d).anomalies_histogram_incomplete).toBeGreaterThan(3);
});

test.each([
  ['1', 1],
  ['1.0', 1],
  ['5e-3', 0.005],
  ['-2', -2],
  ['+Inf', Number.POSITIVE_INFINITY],
  ['inf', Number.POSITIVE_INFINITY],
  ['', Number.NaN],
  ['NaN', Number.NaN],
  ['many', Number.NaN],
])('le %s', (text, bound) => expect(boundOf(text)).toBe(bound));

describe('quantile', () => {
  const of = (rows: [number, number, number][], q: number, exponential = false) => {
    const counts = Float64Array.from(rows, ([, , count]) => count);
    const [lower, upper] = [(k: number) => rows[k]![0], (k: number) => rows[k]![1]];
    const observed = { length: rows.length, counts, exponential, least: 10, lower, upper };
    return quantileOf(observed, observationsOf(observed), q);
  };
  const inf = Number.POSITIVE_INFINITY;

  test.each<[string, [number, number, number][], number, boolean, number]>([
    [
      'in the middle of a bucket',
      [
        [0, 1, 10],
        [1, 2, 10],
      ],
      0.75,
      false,
      1.5,
    ],
    [
      'in the first one',
      [
        [0, 1, 20],
        [1, inf, 0],
      ],
      0.5,
      false,
      0.5,
    ],
    [
      'in the open one',
      [
        [0, 1, 10],
        [1, inf, 90],
      ],
      0.99,
      false,
      1,
    ],
    [
      'below zero',
      [
        [-inf, -1, 10],
        [-1, 1, 10],
      ],
      0.25,
      false,
      -1,
    ],
    ['on the logarithm', [[1, 4, 100]], 0.5, true, 2],
    ['on the logarithm below zero', [[-4, -1, 100]], 0.5, true, -2],
  ])('%s', (_, rows, q, exponential, value) => {
    expect(of(rows, q, exponential)).toBeCloseTo(value, 10);
  });

  test('of too few observations there is none', () => {
    expect(of([[0, 1, 9]], 0.5)).toBeNaN();
  });
});
