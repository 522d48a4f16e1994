import { expect, test } from 'vitest';
import { alarmsOf, made, passOf } from '../series.test-kit.ts';
import { baselineRatio } from './baseline-ratio.ts';

const series = made(900, 60_000, (i) =>
  i >= 400 && i < 420 ? 210 : i >= 700 ? 40 : 100 + (i % 3),
);

test('alarms at twice and at half of the baseline, not before', () => {
  const alarms = alarmsOf(passOf(baselineRatio, series));
  expect(alarms).toContain(400);
  expect(alarms).toContain(700);
  expect(alarms.every((i) => (i >= 400 && i < 420) || i >= 700)).toBe(true);
});

test('what alarms hardly teaches', () => {
  const rows = passOf(baselineRatio, series);
  expect(rows[420]!.expected).toBeLessThan(107);
});
