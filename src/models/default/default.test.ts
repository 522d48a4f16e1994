import { describe, expect, test } from 'vitest';
import { alarmsOf, daily, made, normalOf, passOf, randomOf } from '../series.test-kit.ts';
import { defaultModel } from './default.ts';

const seed = 7;
const hour = 3_600_000;
const minute = 60_000;
const weeks = 6;

/** Hours from a Monday on: a daily wave, of a fifth of its height at weekends if they differ. */
function visits(differ: boolean) {
  const normal = normalOf(randomOf(seed));
  return made(weeks * 168, hour, (i, time) => {
    const isWeekend = i % 168 >= 120;
    const part = differ && isWeekend ? 0.2 : 1;
    return part * (100 + 40 * daily(time)) + normal();
  });
}

const missed = (rows: ReturnType<typeof passOf>, from: number, to: number) =>
  rows.slice(from, to).reduce((sum, r) => sum + Math.abs(r.value - r.expected), 0) / (to - from);

describe('weekends', () => {
  const last = (weeks - 1) * 168;

  test('are expected once they are known to differ', () => {
    const rows = passOf(defaultModel, visits(true));
    const second = missed(rows, 168 + 120, 336);
    expect(missed(rows, last + 120, last + 168)).toBeLessThan(second / 2);
    expect(missed(rows, last, last + 120)).toBeLessThan(second / 2);
  });

  test('that do not differ change nothing that is expected', () => {
    const rows = passOf(defaultModel, visits(false));
    const workdays = missed(rows, last, last + 120);
    expect(missed(rows, last + 120, last + 168)).toBeLessThan(1.3 * workdays);
  });

  test.each([1, 5, 60])('are learnt at %d min; a workday on a Sunday is strange', (every) => {
    const normal = normalOf(randomOf(seed));
    const perDay = 1440 / every;
    const at = 5 * 7 * perDay - perDay / 2;
    const series = made(at + 1, every * minute, (i) => {
      const isWeekend = Math.floor(i / perDay) % 7 >= 5;
      return (isWeekend && i !== at ? 50 : 100) + normal();
    });
    const rows = passOf(defaultModel, series);
    expect(Math.abs(rows.at(-2)!.expected - 50)).toBeLessThan(10);
    expect(rows.at(-1)!.score).toBeGreaterThan(rows.at(-2)!.score + 1.5);
  });
});

test('a trend is a record in every sample and no alarm', () => {
  const normal = normalOf(randomOf(seed));
  const series = made(3000, 5 * minute, (i) => i + 10 * normal());
  expect(alarmsOf(passOf(defaultModel, series))).toEqual([]);
});

test('hours of a slow weekly wave hide no point beside it', () => {
  const normal = normalOf(randomOf(seed));
  const points = [700, 900, 1100, 1300];
  const series = made(1400, hour, (i, time) => {
    const point = points.includes(i) ? 8 : 0;
    return 10 * daily(time) + 10 * daily(time / 7) + 0.5 * normal() + point;
  });
  const rows = passOf(defaultModel, series);
  const rises = rows.map((row, i) => row.score - (rows[i - 1]?.score ?? 0));
  const cut = rises.slice(336).sort((a, b) => b - a)[points.length]!;
  expect(points.filter((i) => rises[i]! > cut)).toEqual(points);
});

test.each([
  ['an hour: too short to say so', 240, []],
  ['a week: the move is rare, its return is not', 40_320, [40_320]],
])('a series moves for once after it held still for %s', (_, held, told) => {
  const series = made(held + 20, 15_000, (i) => (i === held ? 2 : 1));
  expect(alarmsOf(passOf(defaultModel, series))).toEqual(told);
});

test('a band ends at 0 where no value ever lay below', () => {
  const lowest = (least: number) => {
    const normal = normalOf(randomOf(seed));
    const series = made(2000, 5 * minute, () => Math.max(least, 2 + 2 * normal()));
    return Math.min(...passOf(defaultModel, series).map(({ lower }) => lower));
  };
  expect(lowest(0)).toBe(0);
  expect(lowest(-9)).toBeLessThan(-2);
});
