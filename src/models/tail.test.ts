import { expect, test } from 'vitest';
import { normalOf, randomOf } from './series.test-kit.ts';
import { shareThenAdd, tailWidth } from './tail.ts';

test('shares are those of the distribution, and of new values too', () => {
  const normal = normalOf(randomOf(1));
  const counts = new Uint16Array(tailWidth);
  const asked = [0.1, 0.01, 0.001];
  const got = [0, 0, 0];
  const n = 60_000;
  for (let i = 0; i < n; i++) {
    const share = shareThenAdd(counts, 0, Math.abs(normal()));
    asked.forEach((p, k) => {
      if (i > 1000 && share <= p) got[k]! += 1 / (n - 1000);
    });
  }
  asked.forEach((p, k) => {
    expect(got[k]! / p).toBeGreaterThan(0.4);
    expect(got[k]! / p).toBeLessThan(2);
  });
});

test('a larger value is rarer, far beyond all data too', () => {
  const normal = normalOf(randomOf(2));
  const counts = new Uint16Array(tailWidth);
  for (let i = 0; i < 5000; i++) shareThenAdd(counts, 0, Math.abs(normal()));
  let last = 1;
  for (let ratio = 0.01; ratio < 500; ratio *= 1.07) {
    const share = shareThenAdd(counts.slice(), 0, ratio);
    expect(share).toBeLessThanOrEqual(last);
    last = share;
  }
  expect(last).toBeLessThan(1e-6);
});

test('halving keeps the sums of groups and the total', () => {
  const counts = new Uint16Array(tailWidth);
  const random = randomOf(3);
  for (let i = 0; i < 45_000; i++) shareThenAdd(counts, 0, 2 ** (20 * random() - 10));
  const sum = (from: number, to: number) => counts.slice(from, to).reduce((a, b) => a + b, 0);
  expect(counts[44]).toBe(sum(0, 40));
  for (let g = 1; g < 5; g++) expect(counts[39 + g]).toBe(sum(8 * g, 8 * g + 8));
});
