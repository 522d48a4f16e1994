/**
 * The expected interval of a series: near the median of its steps, found without keeping them.
 * The smallest of the first steps, then drawn to steps within a quarter of it, and moved by 2%
 * towards others, so that gaps and bursts hardly count.
 */
const first = 8;

/** The interval after one more `step` (ms); `n` = steps before. */
export function nextInterval(interval: number, step: number, n: number): number {
  if (n === 0) return step;
  if (n < first) return Math.min(interval, step);
  const off = step - interval;
  if (Math.abs(off) <= interval / 4) return interval + off / 20;
  return off > 0 ? interval * 1.02 : interval * 0.98;
}

/** Expected intervals that `step` spans, at most 5; 1 when it is as good as one. */
export function stepsOf(interval: number, step: number): number {
  const steps = step / interval;
  if (steps > 0.9 && steps < 1.1) return 1;
  return Math.min(steps, 5);
}
