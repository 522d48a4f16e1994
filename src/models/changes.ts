/**
 * Changes that are kinds of their own, found from a few counters per series. Pure functions.
 */

/** Samples in a row on one side of the band that make a level shift. */
export const shiftLength = 16;

/** The counter of samples above (+) or below (-) the band after one more; 0 inside. */
export function nextSide(side: number, value: number, lower: number, upper: number): number {
  if (value > upper) return side > 0 ? Math.min(side + 1, 127) : 1;
  if (value < lower) return side < 0 ? Math.max(side - 1, -127) : -1;
  return 0;
}

const flatLeast = 30;
const flatTimes = 4;
const flatMs = 3_600_000;
const flatAfter = 500;

/**
 * Whether a run of `equal` samples is a flatline: four times as long as any before it, 30 samples
 * and an hour at least, of a series that is known to move. True at one length of the run only.
 */
export function isFlatline(
  equal: number,
  longest: number,
  count: number,
  interval: number,
): boolean {
  if (count < flatAfter) return false;
  const least = Math.max(flatLeast, flatTimes * longest, Math.ceil(flatMs / Math.max(interval, 1)));
  return equal === Math.min(least, 65_000);
}

const stopIntervals = 2.5;

/**
 * Whether a series has stopped reporting: nothing for 2.5 expected intervals (so that it is found
 * within three), or twice the longest pause that it is known for.
 */
export function hasStopped(silence: number, interval: number, pause: number): boolean {
  return interval > 0 && silence > Math.max(stopIntervals * interval, 2 * pause);
}

/** The longest usual pause after a step: pauses of at most five intervals, slowly forgotten. */
export function nextPause(pause: number, step: number, interval: number): number {
  const kept = pause * 0.998;
  const usual = step > 1.5 * interval && step <= 5 * interval;
  return usual && step > kept ? step : kept;
}
