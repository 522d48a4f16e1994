/**
 * A soft record: how far a value lies beyond all earlier ones, in units of the distance between
 * their mean and their extreme. The extreme follows a record by a part of the way only (all of it
 * while young), so that a second extreme of the same size still counts. Free of scale.
 * Envelope: f[at] = mean, f[at + 1] = upper, f[at + 2] = lower.
 */
const young = 200;
const follow = 0.5;
/** The mean forgets beyond so many values. */
const memory = 10_000;

/**
 * Excess of `y`, 0 inside the envelope; then learns. `n` = values before this one, `share` =
 * 1 / (n + 1), `least` = the least distance of mean and extreme that is taken for one.
 */
export function excess(
  f: Float32Array,
  at: number,
  n: number,
  share: number,
  y: number,
  least = 0,
): number {
  if (n === 0) {
    f[at] = y;
    f[at + 1] = y;
    f[at + 2] = y;
    return 0;
  }
  const mean = f[at]!;
  f[at] = mean + (y - mean) * Math.max(share, 1 / memory);
  return beyond(f, at + 1, mean, n, y, least);
}

/** The same with upper and lower at f[at], f[at + 1] that draw nearer to the mean by `fade`. */
export function fadingExcess(
  f: Float32Array,
  at: number,
  mean: number,
  n: number,
  y: number,
  fade: number,
): number {
  if (n === 0) {
    f[at] = y;
    f[at + 1] = y;
    return 0;
  }
  f[at] = f[at]! - fade * (f[at]! - mean);
  f[at + 1] = f[at + 1]! + fade * (mean - f[at + 1]!);
  return beyond(f, at, mean, n, y, 0);
}

function beyond(
  f: Float32Array,
  at: number,
  mean: number,
  n: number,
  y: number,
  least: number,
): number {
  const upper = f[at]!;
  const lower = f[at + 1]!;
  const share = n < young ? 1 : follow;
  if (y > upper) {
    f[at] = upper + share * (y - upper);
    const distance = Math.max(upper - mean, least);
    return distance > 0 ? (y - upper) / distance : 0;
  }
  if (y < lower) {
    f[at + 1] = lower + share * (y - lower);
    const distance = Math.max(mean - lower, least);
    return distance > 0 ? (lower - y) / distance : 0;
  }
  return 0;
}
