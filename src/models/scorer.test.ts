import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ByteReader, ByteWriter } from '../core/bytes.ts';
import { configure, defineModel } from '../engine/model.ts';
import { baselineRatio } from './baseline-ratio/baseline-ratio.ts';
import { defaultModel } from './default/default.ts';
import { ewmaBand } from './ewma-band/ewma-band.ts';
import { forecast } from './forecast/forecast.ts';
import { registryOf } from './registry.ts';
import { robustZ } from './robust-z/robust-z.ts';
import { Scorer } from './scorer.ts';
import { alarmsOf, daily, made, normalOf, passOf, randomOf } from './series.test-kit.ts';
import { staticThreshold } from './static-threshold/static-threshold.ts';

const seed = 20241;
const minute = 60_000;

/** Ten days at 5 min: a daily wave with noise, a step at row 2000, a spike at row 2500. */
function sample() {
  const normal = normalOf(randomOf(seed));
  return made(2880, 5 * minute, (i, time) => {
    const spike = i === 2500 ? 80 : 0;
    return 100 + 20 * daily(time) + 2 * normal() + (i >= 2000 ? 30 : 0) + spike;
  });
}

const fingerprint = (rows: ReturnType<typeof passOf>) =>
  rows.map((r) => [r.outcome, r.score, r.alarm, r.expected, r.lower, r.upper, r.strength, r.kind]);

describe.each([...registryOf().values()].map((m) => [m.name, m] as const))('%s', (name, model) => {
  const parameters = name === 'static-threshold' ? { above: 150 } : {};

  test('scores do not look ahead: cutting a series changes no earlier one', () => {
    const series = sample();
    const all = fingerprint(passOf(model, series, { parameters }));
    for (const cut of [1, 37, 576, 1152, 1728, 2001, 2304, 2501, 2777]) {
      const part = { times: series.times.slice(0, cut), values: series.values.slice(0, cut) };
      expect(fingerprint(passOf(model, part, { parameters }))).toEqual(all.slice(0, cut));
    }
  });

  test('snapshot and restore at any point change nothing', () => {
    const series = sample();
    const all = passOf(model, series, { parameters });
    for (const cut of [0, 1, 2, 300, 1999, 2010, 2501]) {
      let scorer = new Scorer(configure(model, parameters));
      const scores: number[] = [];
      for (let i = 0; i < series.values.length; i++) {
        if (i === cut) {
          const out = new ByteWriter();
          scorer.save(out, 1);
          scorer = new Scorer(configure(model, parameters));
          scorer.load(new ByteReader(out.take()));
        }
        const verdict = scorer.push(0, series.times[i]!, series.values[i]!, 'gauge');
        scores.push(verdict.strength);
      }
      expect(scores).toEqual(all.map((row) => row.strength));
    }
  });

  test('asked to explain itself after each sample it scores the same, and says why it is silent', () => {
    const series = sample();
    const all = passOf(model, series, { parameters });
    const scorer = new Scorer(configure(model, parameters));
    for (let i = 0; i < series.values.length; i++) {
      const v = scorer.push(0, series.times[i]!, series.values[i]!, 'gauge');
      expect(v.strength).toBe(all[i]!.strength);
      if (v.outcome === 'scored') expect(v.held === '').toBe(v.alarm);
      const state = scorer.explain(0)!;
      expect(state.value).toBe(series.values[i]);
      const unknown = Object.values(state.model).filter((value) => value === undefined);
      expect(unknown).toEqual([]);
    }
    expect(scorer.explain(0)).toMatchObject({ moved: true, interval_ms: 5 * minute, ended: false });
    expect(scorer.explain(1)).toBeUndefined();
  });

  test('a series is scored the same beside others and in any order of arrival', () => {
    const series = sample();
    const all = passOf(model, series, { parameters });
    const scorer = new Scorer(configure(model, parameters));
    const other = normalOf(randomOf(seed + 1));
    for (let i = 0; i < series.values.length; i++) {
      for (let k = 0; k < 3; k++) {
        if ((i + k) % 2 === 0) scorer.push(20 + k, series.times[i]!, other(), 'gauge');
      }
      const verdict = scorer.push(7, series.times[i]!, series.values[i]!, 'gauge');
      expect(verdict.strength).toBe(all[i]!.strength);
    }
  });

  test('any numbers are scored without a throw, a NaN or a negative score', () => {
    const value = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(0, 1, -1, 1e308, -1e308, 5e-324, Number.NaN, Number.POSITIVE_INFINITY),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(7_200_000), value), { maxLength: 120 }), (samples) => {
        const scorer = new Scorer(configure(model, parameters));
        let time = 1.7e12;
        for (const [step, x] of samples) {
          time += step;
          const verdict = scorer.push(0, time, x, 'gauge');
          expect(verdict.score >= 0 && verdict.strength >= 0).toBe(true);
        }
      }),
      { seed, numRuns: 60 },
    );
  });
});

describe('the default detector', () => {
  test.each([1000, 1 / 1024, 1e9])('alarms the same when values are times %d', (factor) => {
    const series = sample();
    const scaled = { times: series.times, values: series.values.map((x) => x * factor) };
    expect(alarmsOf(passOf(defaultModel, scaled))).toEqual(alarmsOf(passOf(defaultModel, series)));
  });

  test('alarms the same when values are offset', () => {
    const series = sample();
    const moved = { times: series.times, values: series.values.map((x) => x + 4096) };
    expect(alarmsOf(passOf(defaultModel, moved))).toEqual(alarmsOf(passOf(defaultModel, series)));
  });

  test('is well again after a value that no float can hold', () => {
    const series = sample();
    series.values[600] = 1e300;
    series.values[601] = -1e300;
    const rows = passOf(defaultModel, series);
    expect(rows.every((row) => row.outcome !== 'failed')).toBe(true);
    expect(Number.isFinite(rows.at(-1)!.upper)).toBe(true);
  });

  test('finds the step and the spike', () => {
    const alarms = alarmsOf(passOf(defaultModel, sample()));
    expect(alarms.some((i) => i >= 2000 && i <= 2003)).toBe(true);
    expect(alarms).toContain(2500);
  });

  test('keeps within 1 KB per series, 128 B while it never moved', () => {
    const { quiet, full } = new Scorer(configure(defaultModel)).bytes;
    expect(quiet).toBeLessThanOrEqual(128);
    expect(full).toBeLessThanOrEqual(1024);
  });
});

describe.each(['robust-z', 'seasonal-quantile', 'holt-winters', 'ewma-band'])(
  'the end of the warm-up of %s',
  (name) => {
    const model = registryOf().get(name)!;
    const seeds = Array.from({ length: 20 }, (_, k) => seed + k);
    /** Rows that alarm in a week of noise, of each seed. */
    const alarmsWith = (spike: number): number[][] =>
      seeds.map((one) => {
        const normal = normalOf(randomOf(one));
        const series = made(2000, 5 * minute, (i) => 100 + normal() + (i === 1500 ? spike : 0));
        return alarmsOf(passOf(model, series));
      });

    test('is no alarm', () => {
      const alarmed = alarmsWith(0).filter((rows) => rows.length > 0);
      expect(alarmed.length).toBeLessThan(seeds.length / 2);
    });

    test('hides no spike that comes later', () => {
      const found = alarmsWith(12).filter((rows) => rows.includes(1500));
      expect(found.length).toBeGreaterThan(0.7 * seeds.length);
    });
  },
);

describe('preprocessing', () => {
  test('repeats and late samples have no score and teach nothing', () => {
    const scorer = new Scorer(configure(ewmaBand));
    expect(scorer.push(0, 1000, 1, 'gauge').outcome).toBe('quiet');
    expect(scorer.push(0, 1000, 9, 'gauge').outcome).toBe('late');
    const late = scorer.push(0, 500, 9, 'gauge');
    expect([late.outcome, late.score, late.alarm]).toEqual(['late', 0, false]);
  });

  test('a counter is scored as its rate, over a reset and a gap', () => {
    const scorer = new Scorer(configure(ewmaBand));
    const rates: number[] = [];
    const counts: [number, number][] = [
      [0, 100],
      [10, 120],
      [20, 140],
      [30, 5],
      [40, 25],
      [100, 145],
    ];
    for (const [second, count] of counts) {
      rates.push(scorer.push(0, second * 1000, count, 'counter').value);
    }
    expect(rates).toEqual([Number.NaN, 2, 2, 0.5, 2, 2]);
  });

  test('a series that never moved has no model state; its first move is as rare as it was quiet', () => {
    const scorer = new Scorer(configure(defaultModel));
    for (let i = 0; i < 20_000; i++) scorer.push(0, i * minute, 5, 'gauge');
    const quiet = scorer.push(0, 20_000 * minute, 5, 'gauge');
    expect([quiet.outcome, quiet.expected, quiet.score]).toEqual(['quiet', 5, 0]);
    expect(scorer.push(0, 20_001 * minute, 6, 'gauge').alarm).toBe(true);
    for (let i = 0; i < 200; i++) scorer.push(1, i * minute, 5, 'gauge');
    expect(scorer.push(1, 200 * minute, 6, 'gauge').alarm).toBe(false);
  });

  test('errors and latencies alarm upwards only', () => {
    const series = sample();
    for (let i = 2300; i < 2310; i++) series.values[i] = 20;
    expect(alarmsOf(passOf(defaultModel, series)).some((i) => i >= 2300 && i < 2310)).toBe(true);
    const latency = alarmsOf(passOf(defaultModel, series, { kind: 'latency' }));
    expect(latency.some((i) => i >= 2300 && i < 2310)).toBe(false);
  });
});

describe('a bound that people set', () => {
  const filling = made(2000, 5 * minute, (i) => 0.2 + 0.0003 * i);
  const kinds = ['gauge', 'ratio', 'latency', 'errors'] as const;

  test.each(kinds)('is told when it is to be reached, of a %s too', (kind) => {
    expect(alarmsOf(passOf(forecast, filling, { kind, parameters: { bound: 1 } }))).not.toEqual([]);
  });

  test.each([
    [{ above: 0.5 }, 'up'],
    [{ below: 0.3 }, 'down'],
  ])('%o is passed %s', (parameters, direction) => {
    const [first] = passOf(staticThreshold, filling, { parameters }).filter(({ alarm }) => alarm);
    expect(first).toMatchObject({ direction });
  });

  test.each([
    { model: staticThreshold, parameters: { above: 3, samples: 60 }, first: 359 },
    { model: staticThreshold, parameters: { above: 30 }, first: undefined },
    { model: forecast, parameters: { bound: 1e6 }, first: undefined },
    { model: baselineRatio, parameters: { above: 2, warmUp: 380 }, first: 380 },
  ])('$model.name $parameters: another level is no alarm', ({ model, parameters, first }) => {
    const steps = made(1000, minute, (i) => (i < 300 ? 1 : 5) + 0.1 * (i % 3));
    const rows = passOf<unknown, never>(model as never, steps, { parameters });
    const told = rows.filter(({ alarm }) => alarm);
    expect(told[0]?.index).toBe(first);
    expect(told.filter(({ kind }) => kind !== 'improbable')).toEqual([]);
  });
});

test.each([
  [{ above: 150 }, [0]],
  [{ above: 1_000 }, []],
])(
  'a series of one value is measured by its bound from the first sample on: %o',
  (parameters, alarms) => {
    const still = made(4000, 1000, (i) => (i === 3990 ? 201 : 200));
    const rows = passOf(staticThreshold, still, { parameters });
    expect(alarmsOf(rows).slice(0, 1)).toEqual(alarms);
    expect(rows.filter(({ alarm, kind }) => alarm && kind === 'flatline')).toEqual([]);
    // Years of one value make its first move no alarm below the bound.
    const old = made(4000, 86_400_000, (i) => (i === 3990 ? 201 : 200));
    expect(alarmsOf(passOf(staticThreshold, old, { parameters })).slice(0, 1)).toEqual(alarms);
  },
);

describe('a stopped series', () => {
  const series = sample();
  const until = 1500;

  function stopped() {
    const scorer = new Scorer(configure(defaultModel));
    for (let i = 0; i < until; i++) scorer.push(0, series.times[i]!, series.values[i]!, 'gauge');
    return scorer;
  }

  test('is found within three expected intervals, once, with its onset', () => {
    const scorer = stopped();
    const last = series.times[until - 1]!;
    const found = [0.5, 1, 1.5, 2, 2.5, 2.75, 3, 4].filter((k) =>
      scorer.overdue(0, k * 5 * minute),
    );
    expect(found).toEqual([2.75]);
    scorer.push(0, last + 50 * minute, 100, 'gauge');
    scorer.overdue(0, 80 * minute);
    expect(scorer.verdict.kind).toBe('stopped');
    expect((scorer.verdict.onset - last) / minute).toBeCloseTo(55, 0);
  });

  test('raises no alarm when it returns', () => {
    const scorer = stopped();
    for (let i = until + 300; i < 1990; i++) {
      const verdict = scorer.push(0, series.times[i]!, series.values[i]!, 'gauge');
      expect(verdict.alarm).toBe(false);
    }
  });

  test('that ended by a stale marker is not missed', () => {
    const scorer = stopped();
    const last = series.times[until - 1]!;
    expect(scorer.push(0, last + minute, Number.NaN, 'gauge', true).outcome).toBe('stale');
    expect(scorer.overdue(0, 100 * minute)).toBe(false);
  });
});

const all = [...registryOf().values()].map((model) => [model.name, model] as const);
test.each(all)('%s scores whatever a float can hold', (name, model) => {
  const parameters = name === 'static-threshold' ? { above: 150 } : {};
  const edges = [1e300, Number.MAX_VALUE, 5e-324, 1e-310, 0, 1, 1e34, 3.4e38, 1e-38, 1e-45, 100];
  for (let draw = 1; draw <= 20; draw++) {
    const random = randomOf(draw);
    let value = 1;
    const series = made(1500, 5 * minute, () => {
      if (random() < 0.05 * (draw % 4) + 0.01)
        value = edges[Math.floor(random() * edges.length)]! * (random() < 0.5 ? 1 : -1);
      return random() < 0.5 ? value : value * (1 - random() * 0.01);
    });
    const scorer = new Scorer(configure(model, parameters));
    for (let i = 0; i < series.times.length; i++) {
      const kind = draw % 2 === 0 ? 'gauge' : 'counter';
      const { error, strength } = scorer.push(0, series.times[i]!, series.values[i]!, kind);
      if (error !== '' || !(strength >= 0)) expect([draw, i, error, strength]).toEqual([]);
    }
  }
});

describe('changes', () => {
  test('a level shift is named, with its onset', () => {
    const normal = normalOf(randomOf(seed));
    const series = made(1500, 5 * minute, (i) => 100 + normal() + (i >= 1000 ? 25 : 0));
    const rows = passOf(defaultModel, series).filter((row) => row.kind === 'level-shift');
    expect(rows).toHaveLength(1);
    // The jump itself alarmed, and rests: what it became is news all the same.
    expect(rows[0]!.alarm).toBe(true);
    expect(rows[0]!.index).toBeLessThan(1030);
    expect((rows[0]!.onset - series.times[0]!) / (5 * minute)).toBeCloseTo(1000, -1);
  });

  test('a second shift that follows on the first rests', () => {
    const normal = normalOf(randomOf(seed));
    // A climb ever steeper: no level is settled on.
    const series = made(1500, 5 * minute, (i) => 100 + normal() + Math.max(0, i - 1000) ** 2);
    const shifts = passOf(robustZ, series).filter((row) => row.kind === 'level-shift');
    expect(shifts.length).toBeGreaterThan(10);
    const told = shifts.filter((row) => row.alarm);
    expect(told.length).toBeGreaterThan(0);
    for (let i = 1; i < told.length; i++) {
      expect(told[i]!.index - told[i - 1]!.index).toBeGreaterThan(16);
    }
  });

  test('a flatline is named when a moving series holds still, unless it is none', () => {
    const normal = normalOf(randomOf(seed));
    const values = made(1500, 5 * minute, () => 100 + normal());
    values.values.fill(100.3, 1000);
    const flat = (options: object) =>
      passOf(defaultModel, values, options).filter((row) => row.kind === 'flatline');
    expect(flat({}).map((row) => row.index)).toEqual([1030]);
    expect(flat({ flatlines: false })).toEqual([]);
  });

  test('a gauge that turns out to be a counter has no rate of all that came before', () => {
    const scorer = new Scorer(configure(defaultModel));
    for (let i = 0; i < 3; i++) scorer.push(0, i * minute, 1e6 + 60 * i, 'gauge');
    expect(scorer.push(0, 3 * minute, 1e6 + 180, 'counter').value).toBe(1);
  });
});

describe('identity', () => {
  test('a series inherits a copy of a dead sibling and shares nothing with it', () => {
    const series = sample();
    const scorer = new Scorer(configure(defaultModel));
    for (let i = 0; i < 1500; i++) scorer.push(0, series.times[i]!, series.values[i]!, 'gauge');
    scorer.inherit(0, 1);
    const heir = scorer.push(1, series.times[1500]!, series.values[1500]!, 'gauge');
    expect(heir.confidence).toBeGreaterThan(0.8);
    expect(heir.expected).toBeGreaterThan(60);
    for (let i = 1501; i < 1600; i++) scorer.push(1, series.times[i]!, 1e6, 'gauge');
    const all = passOf(defaultModel, series);
    const own = scorer.push(0, series.times[1500]!, series.values[1500]!, 'gauge');
    expect(own.score).toBe(all[1500]!.score);
  });

  test('a young series takes over late, and one that knows more keeps what it learnt', () => {
    const series = sample();
    const scorer = new Scorer(configure(defaultModel));
    for (let i = 0; i < 1500; i++) scorer.push(0, series.times[i]!, series.values[i]!, 'gauge');
    const young = (i: number) => scorer.push(1, series.times[i]!, series.values[i]!, 'gauge');
    for (let i = 1490; i < 1500; i++) young(i);
    expect(young(1500).confidence).toBeLessThan(0.1);
    expect(scorer.inherit(0, 1)).toBe(true);
    const heir = young(1501);
    expect([heir.outcome, heir.held]).toEqual(['scored', 'below-cut']);
    expect(heir.confidence).toBeGreaterThan(0.8);
    expect(scorer.inherit(0, 1)).toBe(false);
    expect(scorer.inherit(1, 2)).toBe(true);
    // From a scorer of its own, as what rests is kept.
    const other = new Scorer(configure(defaultModel));
    expect([scorer.knows(2), other.knows(2)]).toEqual([true, false]);
    expect(other.inherit(2, 2, scorer)).toBe(true);
    const push = (of: Scorer) =>
      of.push(2, series.times[1502]!, series.values[1502]!, 'gauge').score;
    expect(push(other)).toBe(push(scorer));
  });

  test('what has stopped has no terms of the series that was scored before', () => {
    const scorer = new Scorer(configure(defaultModel));
    for (let i = 0; i < 50; i++) {
      for (const slot of [0, 1]) scorer.push(slot, i * minute, 100 + ((i * 7) % 11), 'gauge');
    }
    scorer.push(0, 50 * minute, 1e6, 'gauge');
    expect(Math.max(...scorer.verdict.terms)).toBeGreaterThan(0);
    expect(scorer.overdue(1, 10 * minute)).toBe(true);
    expect(Math.max(...scorer.verdict.terms)).toBe(0);
  });

  test('a slot given back starts anew', () => {
    const series = sample();
    const scorer = new Scorer(configure(defaultModel));
    for (let i = 0; i < 500; i++) scorer.push(0, series.times[i]!, series.values[i]!, 'gauge');
    scorer.forget(0);
    const all = passOf(defaultModel, series);
    for (let i = 0; i < 500; i++) {
      const verdict = scorer.push(0, series.times[i]!, series.values[i]!, 'gauge');
      expect(verdict.strength).toBe(all[i]!.strength);
    }
  });
});

describe('a model of a user', () => {
  const state = { last: 'f64' } as const;
  const parameters = z.strictObject({ limit: z.number().min(0).max(10).default(5) });
  const base = { name: 'mine', version: 1, summary: 'A test.', parameters, state };

  test('a parameter out of range is named', () => {
    const model = defineModel({ ...base, score() {} });
    expect(() => configure(model, { limit: 11 })).toThrow(/model "mine": limit: /);
    expect(() => configure(model, { limt: 1 })).toThrow(/limt/);
  });

  test.each([0, -1, Number.NaN, 1e6])('%d alarms a day cannot be asked for', (asked) => {
    expect(() => new Scorer(configure(ewmaBand), { asked })).toThrow(/alarms per series and day/);
  });

  test('what cannot work is refused', () => {
    expect(() => defineModel({ ...base, name: 'Mine', score() {} })).toThrow(/kebab-case/);
    expect(() => defineModel({ ...base, state: {}, score() {} })).toThrow(/state columns/);
    const twin = defineModel({ ...base, name: 'default', score() {} });
    expect(() => registryOf([twin as never])).toThrow(/two models are named "default"/);
  });

  test('an infinite ratio or evidence is no number: it would not outlive a snapshot', () => {
    for (const infinite of ['ratio', 'evidence'] as const) {
      const model = defineModel({
        name: 'endless',
        version: 1,
        summary: 'Gives what is no number.',
        parameters: z.strictObject({}),
        calibration: 'own',
        state: { unused: 'u8' },
        score(_sample, _state, _at, _parameters, result) {
          result[infinite] = Number.POSITIVE_INFINITY;
        },
      });
      const scorer = new Scorer(configure(model, {}));
      scorer.push(0, minute, 1, 'gauge');
      const { failure, strength } = scorer.push(0, 2 * minute, 2, 'gauge');
      expect({ failure, strength }).toEqual({ failure: 'no_number', strength: 0 });
    }
  });

  test('the shape of a cycle is that of the series at hand, and is told once', () => {
    const told: [last: number, isTold: boolean][] = [];
    const model = defineModel({
      ...base,
      cycles: true,
      score(sample, columns, at) {
        if (sample.shape) told.push([columns.last[at]!, sample.cycle > 0]);
        columns.last[at] = sample.value;
      },
    });
    const scorer = new Scorer(configure(model));
    // So long that its search is over, before the other's finds what it looks for.
    const random = randomOf(seed);
    const long = 9000;
    for (let i = 0; i < long + 200; i++) {
      scorer.push(0, i * minute, random(), 'gauge');
      if (i >= long) scorer.push(1, i * minute, 100 + ((i * 7) % 11), 'gauge');
    }
    expect(told).toHaveLength(1);
    expect(told[0]).toEqual([expect.any(Number), true]);
    expect(told[0]![0]).toBeGreaterThanOrEqual(100);
  });

  test.each(['tail', 'fixed', 'own'] as const)(
    'of calibration %s is told of a cycle',
    (calibration) => {
      const told: number[] = [];
      const model = defineModel({
        ...base,
        calibration,
        cycles: true,
        score(sample) {
          if (sample.shape) told.push(sample.cycle / minute);
        },
      });
      const series = made(200, minute, (i) => (i * 7) % 11);
      passOf(model, series);
      expect(told).toEqual([11]);
    },
  );

  test('a throw or a NaN costs that series that sample and nobody else', () => {
    const model = defineModel({
      ...base,
      score(sample, columns, at, _, result) {
        if (sample.value === 13) throw new Error('thirteen');
        result.score = sample.value === 14 ? Number.NaN : 1;
        columns.last[at] = sample.value;
      },
    });
    const scorer = new Scorer(configure(model));
    const outcomes = [1, 2, 13, 3, 14, 4].map((value, i) => {
      const verdict = scorer.push(0, i * minute, value, 'gauge');
      const seen = [verdict.outcome, verdict.error];
      expect(scorer.push(1, i * minute, i, 'gauge').outcome).toBe(i === 0 ? 'quiet' : 'scored');
      return seen;
    });
    expect(outcomes).toEqual([
      ['quiet', ''],
      ['scored', ''],
      ['failed', 'thirteen'],
      ['scored', ''],
      ['failed', 'it gave score NaN, evidence 0 and ratio 0: they must be numbers from 0'],
      ['scored', ''],
    ]);
  });
});
