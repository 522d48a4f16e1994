import { expect, test } from 'vitest';
import { made, normalOf, passOf, randomOf } from '../series.test-kit.ts';
import { robustZ } from './robust-z.ts';

test('median and deviation hold when a fifth of the samples are outliers', () => {
  const random = randomOf(3);
  const normal = normalOf(random);
  const series = made(5000, 60_000, () => (random() < 0.2 ? 1000 : 50 + 2 * normal()));
  const row = passOf(robustZ, series, { parameters: { width: 1 } }).at(-1)!;
  expect(row.expected).toBeGreaterThan(48.5);
  expect(row.expected).toBeLessThan(52.5);
  expect((row.upper - row.lower) / 2).toBeLessThan(5);
});
