import { expect, test } from 'vitest';
import { made, normalOf, passOf, randomOf } from '../series.test-kit.ts';
import { defaultModel } from './default.ts';
import { count } from './layout.ts';
import { outlasting } from './outlast.ts';

const seed = 3;
const minute = 60_000;

test('a score rises by a part, falls slowly, and its 16 bits are enough', () => {
  const counts = new Uint16Array(count.width);
  const alone = [0, 10, 10, 0, 0];
  const told = alone.map((score) => outlasting(counts, 0, score));
  const exact = [0, 4, 6.4, 5.632, 4.95616];
  for (const [i, score] of told.entries()) expect(score / (exact[i]! || 1)).toBeCloseTo(i && 1, 2);
  for (let k = 0; k < 2000; k++) outlasting(counts, 0, 0);
  expect(outlasting(counts, 0, 0)).toBe(0);
});

test('an anomaly of many samples stands out as a whole, its onset is its first', () => {
  const normal = normalOf(randomOf(seed));
  const [from, to] = [2500, 2530];
  const series = made(3000, minute, (i) => (i >= from && i < to ? 58 : 50) + normal());
  const rows = passOf(defaultModel, series);
  const inside = rows.slice(from + 1, to).map((row) => row.score);
  const before = rows.slice(1000, from).map((row) => row.score);
  const most = Math.max(...before);
  expect(inside.filter((score) => score > most).length).toBeGreaterThan(20);
  const alarm = rows.find((row) => row.alarm && row.index >= from)!;
  expect(alarm.onset).toBe(series.times[from]);
});
