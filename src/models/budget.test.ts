import { expect, test } from 'vitest';
import {
  dayMs,
  neededRarity,
  passesRoute,
  passesRouteAtBound,
  raised,
  restOf,
  routeCutPassed,
  routeCutWorn,
  worn,
} from './budget.ts';
import { randomOf } from './series.test-kit.ts';

const minute = 60_000;

test('the rarer an alarm is asked for, and the more samples a day has, the rarer it must be', () => {
  expect(neededRarity(5 * minute, 0.2)).toBeCloseTo(Math.log10(288 / 0.2), 6);
  expect(neededRarity(5 * minute, 0.1)).toBeGreaterThan(neededRarity(5 * minute, 0.2));
  expect(neededRarity(minute, 0.2)).toBeGreaterThan(neededRarity(60 * minute, 0.2));
  expect(neededRarity(100 * dayMs, 0.2)).toBe(1);
});

test.each([1, 5, 60])('a raise at %d min grows with alarms, is bounded, and wears off', (every) => {
  let raise = 0;
  for (let i = 0; i < 100; i++) raise = raised(raise, every * minute);
  expect(raise).toBe(4);
  expect(worn(raise, dayMs, every * minute, 0.2)).toBeLessThan(raise);
  expect(worn(raise, 1e6 * dayMs, every * minute, 0.2)).toBe(0);
  expect(worn(raise, dayMs, every * minute, 0.1)).toBeGreaterThan(
    worn(raise, dayMs, every * minute, 0.2),
  );
});

test('the rest is two and a half hours within 5 to 60 samples', () => {
  expect([10_000, 5 * minute, 60 * minute].map(restOf)).toEqual([60, 30, 5]);
});

test.each([2, 10, 50])(
  'a route that asks for %d alarms a day of 400 gets about so many',
  (perDay) => {
    const random = randomOf(perDay);
    let cut = 1;
    let passed = 0;
    const days = 60;
    for (let i = 0; i < 400 * days; i++) {
      cut = routeCutWorn(cut, dayMs / 400, perDay);
      const strength = (1 - random()) ** -0.5;
      if (!passesRoute(strength, cut)) continue;
      cut = routeCutPassed(cut);
      if (i >= 400 * 10) passed++;
    }
    expect(passed / (days - 10) / perDay).toBeGreaterThan(0.5);
    expect(passed / (days - 10) / perDay).toBeLessThan(1.5);
  },
);

test('a route with fewer alarms than it asks for withholds none', () => {
  let cut = routeCutPassed(1);
  cut = routeCutWorn(cut, dayMs / 5, 10);
  expect(cut).toBe(1);
});

test.each([1, 5, 48])('at a bound %d alarms may come at once, and as many a day', (perDay) => {
  let cut = 1;
  const told = (alarms: number): number => {
    let count = 0;
    for (let i = 0; i < alarms; i++) {
      if (!passesRouteAtBound(cut, perDay)) continue;
      cut = routeCutPassed(cut);
      count++;
    }
    return count;
  };
  expect(told(2 * perDay)).toBe(perDay);
  cut = routeCutWorn(cut, dayMs / perDay + 1, perDay);
  expect(told(3)).toBe(1);
  cut = routeCutWorn(cut, 3 * dayMs, perDay);
  expect(told(2 * perDay)).toBe(perDay);
});

test('a route without a bound on its alarms wears off after a storm', () => {
  let cut = 1;
  for (let i = 0; i < 5000; i++) if (passesRouteAtBound(cut, 1e6)) cut = routeCutPassed(cut);
  expect(cut).toBeLessThan(Number.MAX_VALUE);
  expect(routeCutWorn(cut, dayMs, 1e6)).toBe(1);
});
