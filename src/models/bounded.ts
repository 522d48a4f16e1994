/** Models square and multiply what they are given: what is beyond this is taken as this. */
const most = 1e100;

/** A value that a model can reckon with. */
export const bounded = (value: number): number => Math.max(-most, Math.min(most, value));

/** A distance in spreads of more than 0: a number also where the spread is next to nothing. */
export const inSpreads = (distance: number, spread: number): number =>
  Math.min(distance / spread, most);
