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

const raiseBy = 0.45;
const raiseMost = 4;

/** The raise of a series' cut after an alarm by rarity: who cries often must cry louder. */
export const raised = (raise: number): number => Math.min(raiseMost, raise + raiseBy);

/** The raise after `elapsed` ms without one: it wears off at a twentieth of the asked rate. */
export function worn(raise: number, elapsed: number, asked: number): number {
  return raise > 0 ? Math.max(0, raise - (raiseBy * asked * 0.05 * elapsed) / dayMs) : 0;
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

/** The cut after an alarm that passed. */
export const routeCutPassed = (cut: number): number => cut * (1 + routeGain);

/** The cut after `elapsed` ms. */
export function routeCutWorn(cut: number, elapsed: number, perDay: number): number {
  return Math.max(1, cut * (1 + routeGain) ** ((-elapsed * perDay) / dayMs));
}
