import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../core/bytes.ts';
import { configure } from '../engine/model.ts';
import { Cycles } from './cycles.ts';
import { defaultModel } from './default/default.ts';
import { Scorer } from './scorer.ts';
import { daily, type Made, made, normalOf, passOf, randomOf } from './series.test-kit.ts';

const seed = 31;
const minute = 60_000;
const model = configure(defaultModel);

/** A job every `rows` rows that takes a third of them. */
function jobs(rows: number, length: number, interval = minute): Made {
  const normal = normalOf(randomOf(seed));
  return made(length, interval, (i) => 20 + (i % rows < rows / 3 ? 12 : 0) + 0.5 * normal());
}

function pushed(scorer: Scorer, { times, values }: Made, from: number, to: number, slot = 0) {
  return Array.from(values.subarray(from, to), (value, k) =>
    structuredClone(scorer.push(slot, times[from + k]!, value, 'gauge')),
  );
}

function cycleOf(series: Made): number | null {
  const scorer = new Scorer(model);
  pushed(scorer, series, 0, series.values.length);
  return scorer.explain(0)!.model['season_length_ms']!;
}

function restored(scorer: Scorer, slots: number): Scorer {
  const out = new ByteWriter();
  scorer.save(out, slots);
  const other = new Scorer(model);
  other.load(new ByteReader(out.take()));
  return other;
}

const day = 1440 * minute;

describe('a cycle that is not the clock’s', () => {
  test.each([7, 24, 45, 100, 437, 1440])('of %d rows is found, whatever the time', (rows) => {
    const series = jobs(rows, 8300, 5 * minute);
    const found = cycleOf(series)! / (5 * minute);
    expect(Math.abs(found / rows - 1)).toBeLessThan(0.006);
    const second = { ...series, times: series.times.map((_, i) => 1000 * (i + 1)) };
    expect(cycleOf(second)! / 1000 / rows).toBeCloseTo(1, 1);
  });

  test('is expected once it is known, and where it does not come that is strange', () => {
    const series = jobs(45, 3000);
    const at = 2700 + 2;
    const [usual, missing] = [series.values[at]!, 20];
    series.values[at] = missing;
    const rows = passOf(defaultModel, series);
    expect(Math.abs(rows[at]!.expected - usual)).toBeLessThan(4);
    const normal = rows.slice(2000, at).map((row) => row.score);
    expect(rows[at]!.score).toBeGreaterThan(Math.max(...normal));
  });

  test.each([
    [0, 0],
    [1e9, 1e9],
    [-1e4, 0],
  ])('is found in values around %d that begin with %d', (level, first) => {
    const series = jobs(45, 400);
    const moved = { ...series, values: series.values.map((x) => x + level) };
    moved.values[0] = first;
    expect(cycleOf(moved)).toBe(45 * minute);
  });

  test('is none where the clock has it: a day, twelve hours, a week of daily rows', () => {
    const normal = normalOf(randomOf(seed));
    const of = (interval: number, wave: (time: number) => number) =>
      cycleOf(made(8300, interval, (_, time) => 50 + 10 * wave(time) + normal()));
    expect(of(5 * minute, daily)).toBe(day);
    expect(of(5 * minute, (time) => daily(time) + daily(2 * time))).toBe(day);
    expect(of(60 * minute, (time) => daily(time) + 0.5 * daily(time / 7))).toBe(day);
    expect(of(day, (time) => daily(time / 7))).toBe(7 * day);
  });

  test.each([0, 0.5, 0.9, 0.99, 1])('is not made up from noise that keeps %d of itself', (keep) => {
    for (let draw = 0; draw < 10; draw++) {
      const normal = normalOf(randomOf(seed + draw));
      let x = 0;
      const series = made(8300, 5 * minute, () => (x = keep * x + normal()));
      expect([draw, cycleOf(series)]).toEqual([draw, day]);
    }
  });

  test('of a wave that loses its beat is not believed', () => {
    const normal = normalOf(randomOf(seed));
    let phase = 0;
    const series = made(8300, 5 * minute, () => {
      phase += (1 + 3 * normal()) / 40;
      return Math.sin(2 * Math.PI * phase);
    });
    expect(cycleOf(series)).toBe(day);
  });
});

describe('the search', () => {
  const series = jobs(100, 900);

  test('goes on over a snapshot at any point, before and after it has found one', () => {
    const all = pushed(new Scorer(model), series, 0, 900);
    for (const cut of [1, 64, 127, 128, 129, 300, 511, 512, 513, 800]) {
      const first = new Scorer(model);
      pushed(first, series, 0, cut);
      const other = restored(first, 1);
      expect(pushed(other, series, cut, 900)).toEqual(all.slice(cut));
      expect(other.explain(0)!.model['season_length_ms']).toBe(100 * minute);
    }
  });

  test('gives back what it took: of found ones, given up ones and those of dead series', () => {
    const normal = normalOf(randomOf(seed));
    const noise = made(8300, minute, () => normal());
    const scorer = new Scorer(model);
    pushed(scorer, noise, 0, 8300, 0);
    pushed(scorer, series, 0, 900, 1);
    for (let slot = 2; slot < 50; slot++) {
      pushed(scorer, series, 0, 100, slot);
      scorer.forget(slot);
    }
    const out = new ByteWriter();
    scorer.save(out, 2);
    const few = out.length;
    for (let slot = 2; slot < 50; slot++) {
      pushed(scorer, series, 0, 100, slot);
      scorer.forget(slot);
    }
    const again = new ByteWriter();
    scorer.save(again, 2);
    expect(again.length).toBe(few);
  });

  test('moves with its series to another partition, and ends with it', () => {
    const all = pushed(new Scorer(model), series, 0, 900);
    for (const cut of [300, 700]) {
      const from = new Scorer(model);
      pushed(from, series, 0, cut, 1);
      const to = new Scorer(model);
      pushed(to, series, 0, 200, 0);
      to.absorb(restored(from, 2), Int32Array.from([-1, 3]));
      expect(pushed(to, series, cut, 900, 3)).toEqual(all.slice(cut));
      expect(pushed(to, series, 200, 900, 0)).toEqual(all.slice(200));
    }
  });

  test('begins anew for an heir; a found cycle goes on by the clock', () => {
    const scorer = new Scorer(model);
    pushed(scorer, series, 0, 300, 0);
    scorer.inherit(0, 1);
    pushed(scorer, series, 301, 900, 1);
    expect(scorer.explain(1)!.model['season_length_ms']).toBe(100 * minute);
    pushed(scorer, series, 300, 700, 0);
    scorer.inherit(0, 2);
    expect(pushed(scorer, series, 700, 701, 2)[0]!.outcome).toBe('scored');
    expect(scorer.explain(2)!.model['season_length_ms']).toBe(100 * minute);
  });

  test('that always begins anew ends as well', () => {
    const long = jobs(100, 33_000);
    const times = long.times.map((time, i) => time + Math.floor(i / 60) * 37 * minute);
    const scorer = new Scorer(model);
    const sizes = [500, 33_000].map((to, k) => {
      pushed(scorer, { ...long, times }, k * 500, to);
      // Another series needs a run: it takes the one given back, or a new one.
      pushed(scorer, jobs(100, 100), 0, 100, 1);
      const out = new ByteWriter();
      scorer.save(out, 1);
      scorer.forget(1);
      return out.length;
    });
    pushed(scorer, jobs(100, 100), 0, 100, 1);
    pushed(scorer, jobs(100, 100), 0, 100, 2);
    const out = new ByteWriter();
    scorer.save(out, 1);
    const states = 1023 - scorer.bytes.quiet;
    expect(sizes[1]).toBe(sizes[0]);
    expect(out.length - sizes[1]!).toBeLessThan(states + scorer.bytes.searched / 2);
  });

  test('begins anew after a gap', () => {
    const times = series.times.map((time, i) => time + (i < 400 ? 0 : 37 * minute));
    const gone = { ...series, times };
    const scorer = new Scorer(model);
    pushed(scorer, gone, 0, 600);
    expect(scorer.explain(0)!.model['season_length_ms']).toBeNull();
    const long = jobs(100, 1200);
    pushed(scorer, { ...long, times: long.times.map((time) => time + 37 * minute) }, 600, 1200);
    const found = scorer.explain(0)!.model['season_length_ms']! / minute;
    expect(found).toBeCloseTo(100, 1);
  });

  test('of a state that a model without cycles takes over is left behind', () => {
    const scorer = new Scorer(model);
    pushed(scorer, series, 0, 700, 0);
    pushed(scorer, series, 0, 100, 1);
    const out = new ByteWriter();
    scorer.save(out, 2);
    out.u32(77);
    const input = new ByteReader(out.take());
    const plain = configure({ ...defaultModel, cycles: false });
    const other = new Scorer(plain);
    other.load(input);
    expect(input.u32()).toBe(77);
    expect(pushed(other, series, 700, 900, 0).every((v) => v.outcome === 'scored')).toBe(true);
  });

  test('is begun for so many series at once, also after a restart', () => {
    const maySearch = (open: number): boolean => open < 1;
    const kept = new Scorer(model, { maySearch });
    pushed(kept, series, 0, 300, 0);
    const out = new ByteWriter();
    kept.save(out, 1);
    const scorer = new Scorer(model, { maySearch });
    scorer.load(new ByteReader(out.take()));
    pushed(scorer, series, 0, 700, 1);
    pushed(scorer, series, 300, 700, 0);
    pushed(scorer, series, 0, 700, 2);
    const found = [0, 1, 2].map((slot) => scorer.explain(slot)!.model['season_length_ms']);
    expect(found).toEqual([100 * minute, null, 100 * minute]);
  });

  test('finds the shape where it is, a sample missing just where a run is full', () => {
    const cycles = new Cycles();
    const run = cycles.begin();
    const common = { interval: minute, gap: false, age: 0, shifted: false, kind: 'gauge' } as const;
    const rows = Array.from({ length: 129 }, (_, i) => i).filter((i) => i !== 127);
    const found = rows.map((i) => {
      const value = i % 12 === 3 ? 10 : i % 2;
      const steps = i === 128 ? 2 : 1;
      const own = { value, values: Float64Array.of(value), steps, count: i, time: i * minute };
      return cycles.see(run, { ...common, ...own, cycle: 0, shape: undefined });
    });
    expect(found.at(-1)).toBe(12 * minute);
    // Row 3 lies from 2.5 to 3.5 minutes, in the parts 5 and 6 of half a minute.
    expect(cycles.shape.indexOf(Math.max(...cycles.shape))).toBe(5);
  });

  test('takes little, for a while', () => {
    expect(new Scorer(model).bytes.searched).toBeLessThanOrEqual(300);
  });
});
