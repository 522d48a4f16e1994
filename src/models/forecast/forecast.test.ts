import { describe, expect, test } from 'vitest';
import { alarmsOf, made, normalOf, passOf, randomOf } from '../series.test-kit.ts';
import { forecast } from './forecast.ts';

const hour = 3_600_000;

describe('time to exhaustion', () => {
  const normal = normalOf(randomOf(9));
  /** A disk that fills by 1 an hour and is full at 100: at hour 100. */
  const disk = made(600, 6 * 60_000, (i) => i / 10 + 0.2 * normal());
  const full = disk.times[0]! + 100 * hour;

  test('is right within its band', () => {
    const row = passOf(forecast, disk, { parameters: { bound: 100 } })[500]!;
    expect(Math.abs(row.reached - full) / hour).toBeLessThan(4);
    expect(row.earliest).toBeLessThan(row.reached);
    expect(row.latest).toBeGreaterThan(row.reached);
  });

  test('alarms once the horizon reaches the bound', () => {
    const first = alarmsOf(
      passOf(forecast, disk, { parameters: { bound: 100, horizonHours: 50 } }),
    )[0]!;
    expect(first / 10).toBeGreaterThan(45);
    expect(first / 10).toBeLessThan(55);
  });

  test('a certificate runs down to 0 seconds', () => {
    const left = made(300, hour, (i) => 40 * 86_400 - i * 3600);
    const rows = passOf(forecast, left, { parameters: { horizonHours: 24 * 30 } });
    expect(alarmsOf(rows)[0]!).toBeCloseTo(10 * 24, -1);
  });

  test('noise without a trend runs out of nothing', () => {
    const flat = made(3000, 6 * 60_000, () => 50 + normal());
    const alarms = alarmsOf(passOf(forecast, flat, { parameters: { bound: 100, width: 4 } }));
    expect(alarms).toEqual([]);
  });
});
