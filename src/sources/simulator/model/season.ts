const dayMs = 86_400_000;

/**
 * How much load a moment has beside the mean of the week (about 1): a day with one peak and an
 * evening shoulder, and calmer weekends that set in over some hours.
 */
export function season(timeMs: number, peakHour: number): number {
  const hour = (timeMs % dayMs) / 3_600_000 - peakHour;
  const turn = (2 * Math.PI * hour) / 24;
  const day = 1 + 0.45 * Math.cos(turn) + 0.15 * Math.cos(2 * turn + 0.6);
  return day * weekday(timeMs - (peakHour - 12) * 3_600_000);
}

/** Days since Thursday, 1 January 1970; Saturday and Sunday are days 2 and 3 of that week. */
function weekday(timeMs: number): number {
  const day = (timeMs / dayMs) % 7;
  const inWeekend = smooth(day - 1.9) * (1 - smooth(day - 3.9));
  return 1.1 - 0.45 * inWeekend;
}

/** 0 before -0.1, 1 after 0.1, smooth between. */
function smooth(x: number): number {
  const t = Math.min(1, Math.max(0, x * 5 + 0.5));
  return t * t * (3 - 2 * t);
}
