import { scoreSeries } from 'seastate/testing';
import { expect, test } from 'vitest';
import { changedSlope } from './changed-slope.ts';

test('a queue that grows steadily is expected, and a jump in it is not', () => {
  const wobble = (i: number) => Math.sin(i * 12.9898) * 3;
  const values = Array.from(
    { length: 2_000 },
    (_, i) => 10 * i + wobble(i) + (i === 1_900 ? 500 : 0),
  );
  const rows = scoreSeries(changedSlope, { values });
  expect(rows[1_800]!.expected).toBeGreaterThan(17_900);
  expect(rows[1_800]!.expected).toBeLessThan(18_100);
  expect(rows.filter(({ alarm }) => alarm).map(({ index }) => index)).toContain(1_900);
});
