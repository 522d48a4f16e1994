import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineModel } from '../../../engine/model.ts';
import type { ProcessorDefinition } from '../../../engine/processor.ts';
import {
  metric,
  type NativeFields,
  native,
  Service,
  series,
} from '../../../testing/histograms.test-kit.ts';
import { StageDriver } from '../../../testing/stage-driver.ts';
import { writtenScores } from '../../../testing/written-scores.test-kit.ts';
import { anomaliesWith } from '../definition.ts';

const minute = 60_000;
/** What is expected is what is seen: so topic `scores` shows what is scored. */
const echo = defineModel({
  name: 'echo',
  version: 1,
  summary: 'Gives back what it is given.',
  parameters: z.strictObject({}),
  state: { nothing: 'u8' },
  score: (sample, _state, _at, _parameters, result) => {
    result.expected = sample.value;
  },
});
const processors = [anomaliesWith([echo]) as ProcessorDefinition];
const settings = { anomalies: { routes: [{ select: '{}', model: 'echo' }], scores: ['{}'] } };

/** The same fed to a state that is kept and to one that is restored after each record. */
function fed(feed: (d: StageDriver) => void): StageDriver {
  const [kept, restored] = [false, true].map((restoreAfterEach) => {
    const d = new StageDriver(processors, { restoreAfterEach });
    d.record('settings', { version: 1, sha256: '', content: settings });
    feed(d);
    return d.advance(20_000);
  });
  expect(restored!.outputs).toEqual(kept!.outputs);
  return kept!;
}

/** Values of a quantile by minute since `from`; 'stale' where it ended. */
function seen(d: StageDriver, labels: Record<string, string>): Map<number, number | 'stale'> {
  const from = d.records[1]!.timestamp;
  const wanted = Object.entries({ __name__: 'seastate_expected', metric, ...labels });
  return new Map(
    writtenScores(d)
      .filter((each) => wanted.every(([name, value]) => each.labels[name] === value))
      .map(({ time, value }) => [(time - from) / minute, value]),
  );
}
const median = (d: StageDriver, more: Record<string, string> = {}) =>
  seen(d, { quantile: '0.5', ...more });
const counters = (d: StageDriver) => d.of('status').at(-1)!.data.counters;
const minutes = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, k) => from + k);

/** Medians of a service whose scrapes all come whole. */
function undisturbed(
  count: number,
  change?: (i: number) => Service | undefined,
): Map<number, number | 'stale'> {
  return median(
    fed((d) => {
      let service = new Service();
      for (let i = 0; i < count; i++, d.now += minute) {
        service = change?.(i) ?? service;
        service.minute();
        d.samples('c1', service.series(d.now));
      }
    }),
  );
}

describe('classic', () => {
  test('every scrape but the first has a quantile, near what was observed', () => {
    const values = undisturbed(8);
    expect([...values.keys()]).toEqual(minutes(1, 7));
    for (const value of values.values()) expect(value).toBeCloseTo(0.04, 2);
  });

  test('a sender whose queues are apart tells no quantile of half a scrape', () => {
    const d = fed((driver) => {
      const service = new Service();
      let behind: ReturnType<Service['series']> = [];
      for (let i = 0; i < 12; i++, driver.now += minute) {
        service.minute();
        const all = service.series(driver.now);
        const isApart = i >= 4 && i < 8;
        driver.samples('c1', isApart ? all.slice(6) : all);
        if (behind.length > 0) driver.samples('c1', behind);
        behind = isApart ? all.slice(0, 6) : [];
      }
    });
    expect([...median(d).keys()]).toEqual([1, 2, 3, ...minutes(8, 11)]);
    for (const [at, value] of undisturbed(12)) {
      if (median(d).has(at) && at !== 8) expect(median(d).get(at)).toBe(value);
    }
    expect(counters(d)).toMatchObject({ anomalies_histogram_incomplete: expect.any(Number) });
    expect(counters(d).anomalies_bucket_late).toBeGreaterThan(0);
  });

  test('after a reset the observations since then count', () => {
    const old = () => {
      const service = new Service();
      for (let i = 0; i < 100; i++) service.minute(20);
      return service;
    };
    const values = undisturbed(8, (i) => (i === 0 ? old() : i === 4 ? new Service() : undefined));
    expect([...values.keys()]).toEqual(minutes(1, 7));
    for (const value of values.values()) expect(value).toBeCloseTo(0.04, 2);
  });

  test('buckets that come and go are no part of a difference with those that stay', () => {
    const d = fed((driver) => {
      const few = new Service([0.01, 0.1, 1]);
      const many = new Service([0.01, 0.02, 0.05, 0.1, 1]);
      for (let i = 0; i < 24; i++, driver.now += minute) {
        // The same observations in other buckets, with stale markers of those that are gone.
        few.minute();
        many.minute();
        const now = i < 6 || i >= 16 ? few : many;
        const gone = i === 16 ? many.series(driver.now) : [];
        const isGone = (le: string) => le === '0.02' || le === '0.05';
        const ended = gone
          .map(({ labels }) => Object.fromEntries(labels) as Record<string, string>)
          .filter((labels) => isGone(labels['le']!))
          .map((labels) => series(labels, driver.now, 'stale'));
        driver.samples('c1', [...now.series(driver.now), ...ended]);
      }
    });
    const values = median(d);
    // The first with more buckets has nothing to be compared with.
    expect(values.has(6)).toBe(false);
    expect(values.has(9)).toBe(true);
    for (const [at, value] of values) {
      if (at < 6 || at >= 16) expect(value).toBeGreaterThan(0.045);
      else expect(value).toBeLessThan(0.045);
    }
    expect(values.get(18)).toBeDefined();
  });

  test('a stale marker ends what stands, and its return goes on from the old values', () => {
    const d = fed((driver) => {
      const service = new Service();
      for (let i = 0; i < 14; i++, driver.now += minute) {
        service.minute();
        const all = service.series(driver.now);
        if (i > 5 && i < 9) continue;
        const ends = all.map(({ labels }) =>
          series(Object.fromEntries(labels), driver.now, 'stale'),
        );
        driver.samples('c1', i === 5 ? ends : all);
      }
    });
    expect([...median(d)].slice(0, 6)).toEqual([
      ...minutes(1, 4).map((at) => [at, expect.any(Number)]),
      [5, 'stale'],
      [9, expect.any(Number)],
    ]);
    for (const [, value] of median(d)) if (value !== 'stale') expect(value).toBeCloseTo(0.04, 2);
  });

  test('a pair of replicas is one histogram, also when the one that is followed falls silent', () => {
    const d = fed((driver) => {
      const service = new Service();
      for (let i = 0; i < 14; i++, driver.now += minute) {
        service.minute();
        for (const replica of i < 7 ? ['a', 'b'] : ['b']) {
          const all = service.series(driver.now + (replica === 'b' ? 7000 : 0), {
            job: 'shop',
            prometheus_replica: replica,
          });
          driver.samples('c1', all.slice(0, 4));
          driver.samples('c1', all.slice(4));
        }
      }
    });
    const values = [...median(d)];
    expect(values.filter(([at]) => at < 7).map(([at]) => at)).toEqual(minutes(1, 6));
    expect(values.length).toBeGreaterThan(10);
    for (const [, value] of values) expect(value).toBeCloseTo(0.04, 2);
  });

  test('a gauge histogram counts what is there now', () => {
    const d = fed((driver) => {
      for (let i = 0; i < 6; i++, driver.now += minute) {
        const service = new Service();
        service.minute(i + 1, 50 + 30 * i);
        const metadata = { type: 'gaugehistogram' as const };
        driver.samples(
          'c1',
          service.series(driver.now).map((each) => ({ ...each, metadata })),
        );
      }
    });
    const values = [...median(d)];
    expect(values.map(([at]) => at)).toEqual(minutes(0, 5));
    for (const [at, value] of values) expect(Number(value) / (0.04 * (at + 1))).toBeCloseTo(1, 0);
  });

  test('too few observations have no quantile: what stands ends', () => {
    const d = fed((driver) => {
      const service = new Service();
      for (let i = 0; i < 6; i++, driver.now += minute) {
        service.minute(1, i === 4 ? 9 : 10);
        driver.samples('c1', service.series(driver.now));
      }
    });
    expect(median(d).get(4)).toBe('stale');
    expect(median(d).get(5)).toBeCloseTo(0.04, 1);
  });

  test('labels of its own that are in the way are moved', () => {
    const d = fed((driver) => {
      const service = new Service();
      for (let i = 0; i < 4; i++, driver.now += minute) {
        service.minute();
        driver.samples('c1', service.series(driver.now, { quantile: 'x', stat: 'y' }));
      }
    });
    expect(seen(d, { quantile: '0.99', exported_quantile: 'x', stat: 'y' }).size).toBe(3);
  });

  test('of more buckets than a histogram may have the last to come are not read, others go on', () => {
    const many = Array.from({ length: 20 }, (_, k) => 0.01 * (k + 1));
    const d = fed((driver) => {
      const content = { anomalies: { ...settings.anomalies, buckets_max: 12 } };
      driver.record('settings', { version: 2, sha256: '', content });
      const [large, small] = [new Service(many), new Service()];
      for (let i = 0; i < 4; i++, driver.now += minute) {
        for (const each of [large, small]) each.minute();
        // Its open bucket comes first.
        const own = large.series(driver.now, { job: 'large' }).reverse();
        driver.samples('c1', [...own, ...small.series(driver.now)]);
      }
    });
    expect(counters(d)).toMatchObject({ anomalies_buckets_over_limit: 21 - 12 });
    expect(median(d, { job: 'shop' }).size).toBe(3);
    expect(median(d, { job: 'large' }).size).toBe(3);
    // They are no series of their own either.
    expect(writtenScores(d).filter(({ labels }) => 'le' in labels)).toEqual([]);
  });

  test("a pod's successor with other bounds begins anew", () => {
    const labels = (pod: string) => ({ pod: `web-7d9c5b6f4c-${pod}`, namespace: 'shop' });
    const d = fed((driver) => {
      for (const [pod, own] of [
        ['x2x4z', [0.01, 0.1]],
        ['b8k9q', [0.01, 0.1]],
        ['zzzzz', [0.01, 0.02, 0.05, 0.1]],
      ] as const) {
        const service = new Service(own);
        for (let i = 0; i < 4; i++, driver.now += minute) {
          service.minute();
          driver.samples('c1', service.series(driver.now, labels(pod)));
        }
        const ends = service
          .series(driver.now)
          .map(({ labels: of }) =>
            series({ ...Object.fromEntries(of), ...labels(pod) }, driver.now, 'stale'),
          );
        driver.samples(
          'c1',
          ends.map(({ labels: of, samples }) => ({
            labels: of.filter(([name]) => name !== 'job'),
            samples: samples!,
          })),
        );
      }
    });
    expect(counters(d)).toMatchObject({ anomalies_inherited: 2 });
    expect(median(d, { pod: 'web-7d9c5b6f4c-zzzzz' }).size).toBeGreaterThan(1);
  });
});

describe('native', () => {
  /** A service that is scraped; `give` makes what is sent of it. */
  const natively = (count: number, give: (i: number, service: Service) => NativeFields) =>
    fed((d) => {
      const service = new Service();
      for (let i = 0; i < count; i++, d.now += minute) {
        d.samples('c1', [native(d.now, give(i, service))]);
      }
    });

  test('quantiles, and the rate of its observations under stat="count"', () => {
    const d = natively(6, (_, service) => {
      service.minute();
      return { counts: service.counts };
    });
    for (const at of minutes(1, 5)) expect(median(d).get(at)).toBeCloseTo(0.04, 2);
    expect([...seen(d, { stat: 'count' })]).toEqual(minutes(1, 5).map((at) => [at, 200 / 60]));
    expect(seen(d, {}).size).toBe(5);
  });

  test('floats say the same', () => {
    const d = natively(6, (_, service) => {
      service.minute();
      return { counts: service.counts, float: true };
    });
    for (const at of minutes(1, 5)) expect(median(d).get(at)).toBeCloseTo(0.04, 2);
  });

  test('a coarser resolution and a wider zero bucket are no reset', () => {
    const d = natively(9, (i, service) => {
      for (let k = 0; i === 0 && k < 100; k++) service.minute(20);
      service.minute();
      if (i < 3) return { counts: service.counts };
      const counts = new Map<number, number>();
      let zero = 0;
      for (const [index, count] of service.counts) {
        const wide = ((index - 1) >> 1) + 1;
        if (i >= 6 && wide <= -12) zero += count;
        else counts.set(wide, (counts.get(wide) ?? 0) + count);
      }
      return { counts, schema: 1, zero, zeroThreshold: i >= 6 ? 2 ** -6 : 1e-9 };
    });
    expect([...median(d).keys()]).toEqual(minutes(1, 8));
    for (const [, value] of median(d)) expect(value).toBeCloseTo(0.04, 2);
  });

  test('a reset: fewer than before, or the sender says so', () => {
    const d = natively(9, (i, service) => {
      for (let k = 0; i === 0 && k < 9; k++) service.minute(20);
      if (i === 3 || i === 6) service.counts.clear();
      service.minute(1, i === 6 ? 2000 : 200);
      return { counts: service.counts, resetHint: i === 6 ? 1 : 0 };
    });
    expect([...median(d).keys()]).toEqual(minutes(1, 8));
    for (const [, value] of median(d)) expect(value).toBeCloseTo(0.04, 2);
  });

  test('a gauge is what it is: also one of rates, which are few', () => {
    const d = natively(6, () => {
      const service = new Service();
      service.minute();
      const rates = new Map([...service.counts].map(([index, count]) => [index, count / 200]));
      return { counts: rates, float: true, resetHint: 3 };
    });
    expect([...median(d).keys()]).toEqual(minutes(0, 5));
    for (const [, value] of median(d)) expect(value).toBeCloseTo(0.04, 2);
    for (const [, value] of seen(d, { stat: 'count' })) expect(value).toBeCloseTo(1, 6);
  });

  test('bounds of its own; with others there is nothing to compare', () => {
    const customs = [
      [0.01, 0.02, 0.05, 0.1],
      [0.02, 0.05, 1],
    ];
    let services: Service[] = [];
    const d = natively(10, (i) => {
      if (i === 0) services = customs.map((own) => new Service(own));
      for (const service of services) service.minute();
      const which = i < 5 ? 0 : 1;
      const { cumulative } = services[which]!;
      const counts = [...cumulative].map((value, k) => value - (k > 0 ? cumulative[k - 1]! : 0));
      return {
        counts: new Map(counts.entries()),
        schema: -53,
        customBounds: customs[which]!,
      };
    });
    expect([...median(d).keys()]).toEqual([...minutes(1, 4), ...minutes(6, 9)]);
    for (const [, value] of median(d)) expect(value).toBeCloseTo(0.04, 2);
  });

  test('values below zero and in the zero bucket', () => {
    const d = natively(3, (i) => ({
      negative: new Map([
        [0, 100 * i],
        [1, 100 * i],
      ]),
      zero: 10 * i,
      schema: 0,
    }));
    expect(median(d).get(1)).toBeLessThan(-0.5);
    expect(seen(d, { quantile: '0.99' }).get(1)).toBeLessThanOrEqual(0);
  });

  test('one that cannot be read is counted, and harms nobody', () => {
    const d = fed((driver) => {
      const service = new Service();
      for (let i = 0; i < 6; i++, driver.now += minute) {
        service.minute();
        const good = service.native(driver.now);
        // A span that is cut off within: what is read of every message is whole.
        const bad = Uint8Array.of(0x5a, 1, 0x08, ...good.histograms![0]!);
        driver.samples('c1', [
          good,
          { ...service.native(driver.now, {}, { job: 'x' }), histograms: [bad] },
        ]);
      }
    });
    expect([...median(d).keys()]).toEqual(minutes(1, 5));
    expect(counters(d)).toMatchObject({ anomalies_histogram_unreadable: 6 });
  });

  test('sent in both forms it is scored once', () => {
    const d = fed((driver) => {
      const service = new Service();
      for (let i = 0; i < 12; i++, driver.now += minute) {
        service.minute();
        const both = [...service.series(driver.now), service.native(driver.now)];
        driver.samples('c1', i < 3 || i > 8 ? both.slice(0, -1) : both);
        if (i === 8) {
          driver.now += 1;
          driver.samples('c1', [{ ...service.native(0), histograms: [staleNative(driver.now)] }]);
        }
      }
    });
    const all = writtenScores(d).filter(
      ({ labels, value }) => labels['quantile'] === '0.5' && value !== 'stale',
    );
    const names = all.map(({ labels, time }) => `${labels['__name__']} ${time}`);
    expect(new Set(names).size).toBe(names.length);
    expect([...median(d)].filter(([, value]) => value !== 'stale').length).toBeGreaterThan(8);
  });
});

/** Count 0, sum the stale NaN. */
function staleNative(time: number): Uint8Array {
  const out = new Uint8Array(32);
  const view = new DataView(out.buffer);
  out.set([0x08, 0, 0x19]);
  view.setBigUint64(3, 0x7ff0000000000002n, true);
  out[11] = 0x78;
  let [at, rest] = [12, BigInt(time)];
  for (; rest >= 0x80n; rest >>= 7n) out[at++] = Number(rest & 0x7fn) | 0x80;
  out[at++] = Number(rest);
  return out.subarray(0, at);
}
