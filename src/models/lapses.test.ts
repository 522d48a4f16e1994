import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../core/bytes.ts';
import { configure, defineModel, type ModelDefinition } from '../engine/model.ts';
import { defaultModel } from './default/default.ts';
import { buckets, float } from './default/layout.ts';
import { Scorer } from './scorer.ts';
import { type Made, made, normalOf, randomOf } from './series.test-kit.ts';

const seed = 37;
const minute = 60_000;
const day = 1440 * minute;
const model = configure(defaultModel);

/** Work of 12 in the first third of each period; `of`: the row that it counts as, -1 for none. */
function jobs(length: number, of: (i: number) => readonly [row: number, period: number]): Made {
  const normal = normalOf(randomOf(seed));
  return made(length, minute, (i) => {
    const [row, period] = of(i);
    return 20 + (row >= 0 && row % period < period / 3 ? 12 : 0) + 0.5 * normal();
  });
}

const ends = jobs(4000, (i) => [i < 1000 ? i : -1, 45]);
const changes = jobs(2500, (i) => (i < 1000 ? [i, 45] : [i - 1000, 60]));
const moves = jobs(2000, (i) => [i < 1000 ? i : i + 20, 45]);

function pushed(scorer: Scorer, { times, values }: Made, from: number, to: number, slot = 0) {
  return Array.from(values.subarray(from, to), (value, k) =>
    structuredClone(scorer.push(slot, times[from + k]!, value, 'gauge')),
  );
}

const passed = (series: Made) => {
  const scorer = new Scorer(model);
  const rows = pushed(scorer, series, 0, series.values.length);
  return { scorer, rows, of: scorer.explain(0)!.model };
};

function saved(scorer: Scorer, slots = 1): Uint8Array {
  const out = new ByteWriter();
  scorer.save(out, slots);
  return out.view().slice();
}

function loaded(bytes: Uint8Array, as = model): Scorer {
  const scorer = new Scorer(as);
  scorer.load(new ByteReader(bytes));
  return scorer;
}

describe('a found cycle', () => {
  test('that ends is given up: the clock’s takes its place, and the band is as narrow as the noise', () => {
    const { rows, of } = passed(ends);
    expect(of['season_length_ms']).toBe(day);
    const { expected, lower, upper } = rows.at(-1)!;
    expect(Math.abs(expected - 20)).toBeLessThan(1);
    expect(upper - lower).toBeLessThan(6);
  });

  test('that is another one from some time on is given up, and the new one is found', () => {
    const { rows, of } = passed(changes);
    expect(of['season_length_ms']).toBe(60 * minute);
    const late = rows.slice(2000);
    const missed = late.map(({ value, expected }) => Math.abs(value - expected));
    expect(missed.reduce((a, b) => a + b, 0) / missed.length).toBeLessThan(1.5);
  });

  test('whose work is done at another minute is followed within a few cycles', () => {
    const { rows, of } = passed(moves);
    expect(of['season_length_ms']).toBe(45 * minute);
    const late = rows.slice(1300).map(({ value, expected }) => Math.abs(value - expected));
    expect(late.reduce((a, b) => a + b, 0) / late.length).toBeLessThan(1.5);
    expect(rows.slice(1100).some((row) => row.alarm)).toBe(false);
  });

  test('stays over an outage of some cycles', () => {
    const outage = jobs(2000, (i) => [i >= 1000 && i < 1180 ? -1 : i, 45]);
    const { rows, of } = passed(outage);
    expect(of['season_length_ms']).toBe(45 * minute);
    expect(rows.slice(1000, 1045).some((row) => row.alarm)).toBe(true);
    expect(rows.slice(1500).some((row) => row.alarm)).toBe(false);
  });

  test.each([1, 2, 3])('with a sudden fall between two rows raises no false alarm (%d)', (draw) => {
    const normal = normalOf(randomOf(seed + draw));
    const period = 70 + 11.37 * draw;
    const saw = made(6000, 15_000, (i) => 10 + 40 * ((i / period) % 1) + 0.5 * normal());
    const { rows, of } = passed(saw);
    expect(of['season_length_ms']! / 15_000 / period).toBeCloseTo(1, 2);
    expect(rows.slice(1000).filter((row) => row.alarm)).toEqual([]);
  });

  test('of an heir is in doubt until it is known where in it the heir is', () => {
    for (const shift of [0, 15, 22]) {
      const own = jobs(2000, (i) => [i < 1000 ? i : i + shift, 45]);
      const scorer = new Scorer(model);
      pushed(scorer, own, 0, 1000);
      const known = scorer.explain(0)!.model;
      scorer.inherit(0, 1);
      const [first] = pushed(scorer, own, 1000, 1001, 1);
      const width = known['upper']! - known['lower']!;
      expect(first!.upper - first!.lower).toBeGreaterThan(3 * width);
      const rows = pushed(scorer, own, 1001, 2000, 1);
      expect([shift, rows.filter((row) => row.alarm)]).toEqual([shift, []]);
      expect(scorer.explain(1)!.model['season_length_ms']).toBe(45 * minute);
      expect(scorer.explain(1)!.model['season_now']).not.toBeNull();
    }
  });
});

test('a model that says so gets the search again, and the next shape', () => {
  const told: number[] = [];
  const other = defineModel({
    ...defaultModel,
    score(sample, state, at, parameters, result) {
      defaultModel.score(sample, state, at, parameters, result);
      if (sample.shape) told.push(sample.cycle / minute);
      result.lapsed = sample.count === 600;
    },
  });
  const scorer = new Scorer(configure(other), { guard: true });
  pushed(
    scorer,
    jobs(1500, (i) => [i, 45]),
    0,
    1500,
  );
  expect(told).toEqual([45, 45]);
});

describe('giving up', () => {
  const all = pushed(new Scorer(model), changes, 0, 2500);

  test('goes on over a snapshot at any point, before and after it', () => {
    for (const cut of [1000, 1001, 1100, 1250, 1400, 1450, 1500, 1600, 1700, 1800, 2000]) {
      const first = new Scorer(model);
      pushed(first, changes, 0, cut);
      expect(pushed(loaded(saved(first)), changes, cut, 2500)).toEqual(all.slice(cut));
    }
  });

  test('is the same whatever the scale', () => {
    const scaled = { ...changes, values: changes.values.map((value) => value * 1024) };
    const rows = pushed(new Scorer(model), scaled, 0, 2500);
    const told = (row: (typeof rows)[number]) => [row.score, row.alarm, row.strength];
    expect(rows.map(told)).toEqual(all.map(told));
  });

  test('is no look ahead', () => {
    for (const cut of [900, 1300, 1700]) {
      expect(pushed(new Scorer(model), changes, 0, cut)).toEqual(all.slice(0, cut));
    }
  });

  test('gives back what the search took, and ends after four cycles', () => {
    const open: number[] = [];
    const scorer = new Scorer(model, { maySearch: (count) => open.push(count) > 0 });
    const periods = [45, 60, 40, 70, 50, 65];
    const each = 2500;
    const many = jobs(each * periods.length, (i) => [i % each, periods[Math.floor(i / each)]!]);
    const found = periods.map((_, k) => {
      pushed(scorer, many, k * each, (k + 1) * each);
      return scorer.explain(0)!.model['season_length_ms']! / minute;
    });
    expect(found).toEqual([45, 60, 40, 70, 1440, 1440]);
    expect(open).toEqual([0, 0, 0, 0]);
  });

  test('an heir has as many left as the one before', () => {
    const scorer = new Scorer(model);
    const periods = [45, 60, 40, 70];
    const each = 2500;
    const many = jobs(each * 6, (i) => [i % each, [...periods, 50, 65][Math.floor(i / each)]!]);
    pushed(scorer, many, 0, each * 4);
    scorer.inherit(0, 1);
    pushed(scorer, many, each * 4, each * 6, 1);
    expect(scorer.explain(1)!.model['season_length_ms']).toBe(day);
  });

  test('of a state from before, with what was known of weekends in its place, begins afresh', () => {
    const kept = new Scorer(model);
    pushed(kept, ends, 0, 900);
    const older: ModelDefinition = {
      ...(defaultModel as unknown as ModelDefinition),
      version: defaultModel.version + 1,
      upgrade: (_from, { floats }, at) => {
        const from = at * float.width + float.weekend;
        for (let k = 0; k < buckets; k++) floats![from + k] = 1000 * k;
        floats![at * float.width + float.weekendRows] = 700;
        floats![at * float.width + float.weekendGain] = -3;
      },
    };
    const before = saved(loaded(saved(kept), configure(older)));
    new DataView(before.buffer).setUint32(
      0,
      new DataView(saved(kept).buffer).getUint32(0, true),
      true,
    );
    expect(before).not.toEqual(saved(kept));
    const mended = loaded(before);
    const known = kept.explain(0)!.model;
    expect(mended.explain(0)!.model['season_length_ms']).toBe(known['season_length_ms']);
    mended.inherit(0, 1);
    const [first] = pushed(mended, ends, 900, 901, 1);
    expect(first!.upper - first!.lower).toBeGreaterThan(3 * (known['upper']! - known['lower']!));
    const rows = pushed(mended, ends, 900, 4000);
    expect(rows.slice(0, 100).some((row) => row.alarm)).toBe(false);
    expect(mended.explain(0)!.model['season_length_ms']).toBe(day);
    expect(rows.at(-1)!.upper - rows.at(-1)!.lower).toBeLessThan(6);
  });
});
