/**
 * The asked rate of alarms, as a cut. Every piece is pure: numbers in, numbers out.
 */
export const dayMs = 86_400_000;

/** What is asked for when nobody says otherwise, in alarms per series and day. */
export const askedByDefault = 0.2;

/**
 * -log10 of the rarity that a sample needs so that chance alone alarms `asked` times a day. At
 * least 1, however seldom the samples: one in ten is no news.
 */
export function neededRarity(interval: number, asked: number): number {
  return Math.max(1, Math.log10(dayMs / (Math.max(interval, 1) * asked)));
}

/** Factor on cuts that are not rarities (soft records), 1 at the default. */
export function recordFactor(asked: number): number {
  return (askedByDefault / asked) ** 0.4;
}

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
