import { expect, test } from 'vitest';
import { configure } from '../../engine/model.ts';
import { alarmsOf, made, passOf } from '../series.test-kit.ts';
import { staticThreshold } from './static-threshold.ts';

const series = made(100, 60_000, (i) => (i >= 40 && i < 45 ? 9 : i === 70 ? 9 : 5 + (i % 2)));

test('alarms after so many samples beyond the bound', () => {
  expect(
    alarmsOf(passOf(staticThreshold, series, { parameters: { above: 8, samples: 3 } })),
  ).toEqual([42]);
});

test('has the bounds as its band', () => {
  const row = passOf(staticThreshold, series, { parameters: { above: 8, below: 1 } })[50]!;
  expect([row.lower, row.upper]).toEqual([1, 8]);
});

test('needs a bound', () => {
  expect(() => configure(staticThreshold, {})).toThrow(/set above, below or both/);
});
