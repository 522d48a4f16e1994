import { expect, test } from 'vitest';
import { made, normalOf, passOf, randomOf } from '../series.test-kit.ts';
import { defaultModel } from './default.ts';
import { count } from './layout.ts';
import { outlast } from './outlast.ts';

const seed = 3;
const minute = 60_000;

test('a score rises at once, falls slowly, and its 16 bits are enough', () => {
  const counts = new Uint16Array(count.width);
  const told = (alone: number): number => {
    const r = { alone, score: 0 };
    outlast(counts, 0, r);
    return r.score;
  };
  expect(told(0)).toBe(0);
  for (const [alone, score] of [
    [5, 5],
    [10, 10],
    [0, 8.8],
    [5, 8.344],
  ] as const) {
    expect(told(alone)).toBeCloseTo(score, 1);
  }
  for (let k = 0; k < 200; k++) told(0);
  expect(told(0)).toBe(0);
  expect(told(1e9)).toBe(1e9);
  expect(told(0)).toBeLessThan(512);
});

test('an anomaly of many samples stands out as a whole, its onset is its first', () => {
  const normal = normalOf(randomOf(seed));
  const [from, to] = [2500, 2530];
  const series = made(3000, minute, (i) => (i >= from && i < to ? 58 : 50) + normal());
  const rows = passOf(defaultModel, series);
  const inside = rows.slice(from + 1, to).map((row) => row.score);
  const before = rows.slice(1000, from).map((row) => row.score);
  const usual = before.sort((a, b) => a - b)[Math.floor(0.98 * before.length)]!;
  expect(inside.filter((score) => score > usual).length).toBeGreaterThan(20);
  const alarm = rows.find((row) => row.alarm && row.index >= from)!;
  expect(alarm.onset).toBe(series.times[from]);
});
