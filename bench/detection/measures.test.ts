import { expect, test } from 'vitest';
import { newRecord } from './baselines.ts';
import type { Series, Span } from './corpora.ts';
import { measure } from './measures.ts';
import { vusPr } from './vus-pr.ts';

const hour = 3_600_000;

function seriesOf(rows: number, spans: Span[]): Series {
  const times = Float64Array.from({ length: rows }, (_, i) => i * hour);
  const values = Float64Array.from({ length: rows }, (_, i) => Math.sin(i));
  return { name: 's', group: 'g', interval: hour, times, values, spans, points: [] };
}

const flagsAt = (rows: number, at: number[]) => {
  const flags = new Uint8Array(rows);
  for (const i of at) flags[i] = 1;
  return flags;
};

test('delay-7: an event caught within eight rows counts whole, later not at all', () => {
  const series = seriesOf(240, [
    [50, 69],
    [120, 129],
  ]);
  const f = measure([series], [flagsAt(240, [57, 128, 200])], 1, 'all');
  expect(f.f1).toBeCloseTo((2 * 20) / (2 * 20 + 1 + 10), 12);
  expect([f.recall, f.medianDelay]).toEqual([0.5, 7]);
  expect(f.precision).toBeCloseTo(2 / 3, 12);
  expect(f.falsePerDay).toBeCloseTo(1 / 10, 12);
});

test('a flag that never ends starts an alarm every 21 rows', () => {
  const all = new Uint8Array(240).fill(1);
  expect(measure([seriesOf(240, [])], [all], 1, 'all').alarmsPerDay).toBeCloseTo(1.2, 12);
});

test('an event belongs to the half that it starts in, its other rows are left out', () => {
  const series = seriesOf(200, [[95, 110]]);
  const flags = [flagsAt(200, [96, 105])];
  expect(measure([series], flags, 1, 'first').f1).toBe(1);
  expect(measure([series], flags, 1, 'second').alarmsPerDay).toBe(0);
});

test('VUS-PR ranks: the truth above noise above its opposite', () => {
  const spans: Span[] = [
    [100, 119],
    [300, 304],
  ];
  const series = seriesOf(500, spans);
  const truth = Float64Array.from({ length: 500 }, (_, i) =>
    spans.some(([a, b]) => i >= a && i <= b) ? 1 : 0,
  );
  const noise = Float64Array.from({ length: 500 }, (_, i) => (i * 7919) % 101);
  const values = [truth, noise, truth.map((x) => 1 - x)].map((s) => vusPr(series, s));
  expect(values[0]).toBeGreaterThan(0.9);
  expect(values[0]).toBeGreaterThan(values[1]! + 0.3);
  expect(values[1]).toBeGreaterThan(values[2]!);
});

test('a new record rests', () => {
  const series = { ...seriesOf(5, []), values: Float64Array.from([1, 2, 3, 2, 9]) };
  expect([...newRecord(series)]).toEqual([0, 1, 1, 0, 1]);
  expect([...newRecord(series, 2)]).toEqual([0, 1, 0, 0, 1]);
});
