import { expect, test } from 'vitest';
import { Random } from './random.ts';

test('the same seed gives the same numbers, another one others', () => {
  const draw = (seed: number): number[] => {
    const random = new Random(seed);
    return Array.from({ length: 50 }, () => random.next());
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});

test('a fork is a stream of its own', () => {
  const one = new Random(7);
  const fork = one.fork('faults');
  const before = fork.next();
  one.next();
  const again = new Random(7).fork('faults');
  expect(again.next()).toBe(before);
  expect(new Random(7).fork('scrape').next()).not.toBe(before);
});

test('numbers lie where they should', () => {
  const random = new Random(3);
  const normal = Array.from({ length: 20_000 }, () => random.gauss());
  const mean = normal.reduce((sum, x) => sum + x, 0) / normal.length;
  const variance = normal.reduce((sum, x) => sum + (x - mean) ** 2, 0) / normal.length;
  expect(Math.abs(mean)).toBeLessThan(0.03);
  expect(Math.abs(variance - 1)).toBeLessThan(0.05);
  for (let i = 0; i < 1000; i++) {
    const x = random.next();
    expect(x >= 0 && x < 1).toBe(true);
  }
  expect(random.suffix(200)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{200}$/);
  expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
});
