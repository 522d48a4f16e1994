import { expect, test } from 'vitest';
import { alarmsOf, made, normalOf, passOf, randomOf } from '../series.test-kit.ts';
import { seasonalQuantile } from './seasonal-quantile.ts';

/** 100 by day and 10 by night, spread of a tenth. */
function dayAndNight(spoil: (i: number, value: number) => number) {
  const normal = normalOf(randomOf(11));
  return made(288 * 28, 300_000, (i, time) => {
    const hour = Math.floor(time / 3_600_000) % 24;
    return spoil(i, (hour >= 8 && hour < 20 ? 100 : 10) * (1 + 0.1 * normal()));
  });
}

test('a daytime value at night is found', () => {
  const night = 288 * 12 + 24;
  const alarms = alarmsOf(
    passOf(
      seasonalQuantile,
      dayAndNight((i, x) => (i === night ? 100 : x)),
    ),
  );
  expect(alarms).toContain(night);
});

test('the band holds the asked share', () => {
  const rows = passOf(
    seasonalQuantile,
    dayAndNight((_, x) => x),
    { parameters: { outside: 0.1 } },
  );
  const late = rows.slice(288 * 14);
  const outside = late.filter((r) => r.value < r.lower || r.value > r.upper).length / late.length;
  expect(outside).toBeGreaterThan(0.05);
  expect(outside).toBeLessThan(0.2);
});
