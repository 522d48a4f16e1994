import { expect, it } from 'vitest';
import { randomOf } from '../series.test-kit.ts';
import { cycleOf, dayMs, momentOf } from './season.ts';

it('knows where in its cycle a time lies, whatever it was asked before', () => {
  const random = randomOf(7);
  // A cycle of 24 days has parts as long as those of the week.
  const kinds = [
    { interval: 60_000, cycle: 0, buckets: 24, cycleMs: dayMs },
    { interval: dayMs, cycle: 0, buckets: 7, cycleMs: 7 * dayMs },
    { interval: dayMs, cycle: 24 * dayMs, buckets: 24, cycleMs: 24 * dayMs },
    { interval: 60_000, cycle: dayMs, buckets: 24, cycleMs: dayMs },
  ];
  let time = Date.UTC(2024, 0, 1);
  for (let i = 0; i < 20_000; i++) {
    const kind = kinds[Math.floor(random() * kinds.length)]!;
    time += Math.floor((random() - 0.4) * 3_600_000);
    const { bucket, isWeekend } = momentOf(cycleOf(kind), time);
    const bucketMs = kind.cycleMs / kind.buckets;
    expect(bucket).toBe(Math.floor(time / bucketMs) % kind.buckets);
    expect(isWeekend).toBe(new Date(time).getUTCDay() % 6 === 0);
  }
});
