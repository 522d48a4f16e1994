import { expect, test } from 'vitest';
import { model as example } from '../../../examples/ewma-band/ewma-band.ts';
import { made, normalOf, passOf, randomOf } from '../series.test-kit.ts';
import { ewmaBand } from './ewma-band.ts';

const normal = normalOf(randomOf(7));
const series = made(5000, 60_000, (i) => 50 + 3 * normal() + (i === 4500 ? 40 : 0));

test.each([
  ['shipped', ewmaBand],
  ['example', example],
] as const)('%s: mean, band and outlier', (_, model) => {
  const rows = passOf(model, series);
  const late = rows[4400]!;
  expect(late.expected).toBeCloseTo(50, -0.5);
  expect(late.upper - late.lower).toBeGreaterThan(4 * 3);
  expect(late.upper - late.lower).toBeLessThan(12 * 3);
  expect(rows[4500]!.alarm).toBe(true);
});
