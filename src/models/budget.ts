/**
 * The asked rate of alarms, as a cut. Every piece is pure: numbers in, numbers out.
 */
export const dayMs = 86_400_000;

/** What is asked for when nobody says otherwise, in alarms per series and day. */
export const askedByDefault = 0.2;

/**
 * -log10 of the rarity that a sample needs so that chance alone alarms `asked` times a day. At
 * least 1, however seldom the samples: one in ten is no news. What is rare comes in clusters, so
 * it takes a little more than the logarithm to move the rate: the last factor, 1 at the default.
 */
export function neededRarity(interval: number, asked: number): number {
  const rarity = Math.max(1, Math.log10(dayMs / (Math.max(interval, 1) * asked)));
  return rarity * (askedByDefault / asked) ** 0.3;
}

/** Factor on cuts that are not rarities (soft records), 1 at the default. */
export const recordFactor = (asked: number): number => askedByDefault / asked;

const raiseMost = 4;
/** What a raise loses in the time of one asked alarm, whatever it is. */
const wear = 0.0225;

/** How a series is raised: `by` each alarm, and the part of a raise that goes with each asked one. */
interface Law {
  readonly by: number;
  readonly ease: number;
}

/**
 * Measured, not derived (bench/detection): rows of five minutes repeat their false alarms for weeks;
 * those of an hour are few, those of a minute averaged over five, and events of both are many.
 */
const minutes: Law = { by: 0.15, ease: 1 };
const middling: Law = { by: 0.5, ease: 0 };
const hours: Law = { by: 0.35, ease: 0.25 };
const lawOf = (interval: number): Law =>
  interval < 120_000 ? minutes : interval > 1_200_000 ? hours : middling;

/** The raise of a series' cut after an alarm by rarity: who cries often must cry louder. */
export const raised = (raise: number, interval: number): number =>
  Math.min(raiseMost, raise + lawOf(interval).by);

/** The raise after `elapsed` ms without one. */
export function worn(raise: number, elapsed: number, interval: number, asked: number): number {
  const alarms = (asked * elapsed) / dayMs;
  return Math.max(0, raise - (wear + lawOf(interval).ease * raise) * alarms);
}

/** Samples of silence after an alarm: two and a half hours, but 5 to 60 samples. */
export function restOf(interval: number): number {
  const samples = Math.round(9_000_000 / Math.max(interval, 1));
  return Math.max(5, Math.min(60, samples));
}

/** An alarm within the rest must be so many times stronger than the last. */
export const rearm = 4;

/**
 * A budget of a route: at most so many alarms a day over all of its series. Its cut, >= 1 in
 * multiples of a series' own cut, goes up by a quarter with each alarm that passes and wears off
 * so that `perDay` alarms a day hold it where it is. What stays below it is withheld and shown.
 */
const routeGain = 0.25;

export const passesRoute = (strength: number, cut: number): boolean => strength >= cut;

/** Of alarms at a bound, which are all as strong: so many at once as a day may have, at most. */
const atOnceMost = 1000;

export function passesRouteAtBound(cut: number, perDay: number): boolean {
  const most = Math.min(Math.max(1, perDay), atOnceMost);
  return Math.log(cut) / Math.log(1 + routeGain) <= most - 1 + 1e-6;
}

/** The cut after an alarm that passed. */
export const routeCutPassed = (cut: number): number => cut * (1 + routeGain);

/** The cut after `elapsed` ms. */
export function routeCutWorn(cut: number, elapsed: number, perDay: number): number {
  return Math.max(1, cut * (1 + routeGain) ** ((-elapsed * perDay) / dayMs));
}
