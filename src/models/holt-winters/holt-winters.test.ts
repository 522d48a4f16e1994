import { expect, test } from 'vitest';
import { alarmsOf, daily, made, normalOf, passOf, randomOf } from '../series.test-kit.ts';
import { holtWinters } from './holt-winters.ts';

test('follows growth and season, and finds what breaks them', () => {
  const normal = normalOf(randomOf(5));
  const broken = 288 * 12;
  const series = made(288 * 14, 300_000, (i, time) => {
    return i / 20 + 50 * daily(time) + normal() - (i === broken ? 25 : 0);
  });
  const rows = passOf(holtWinters, series);
  expect(alarmsOf(rows)).toContain(broken);
  const error = rows.slice(288 * 8, broken).map((r) => Math.abs(r.value - r.expected));
  expect(error.reduce((a, b) => a + b, 0) / error.length).toBeLessThan(5);
});
