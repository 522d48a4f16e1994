/** Distribution function of the normal distribution at -6..6, in steps of 1/64. */
const reach = 6;
const stepsPerUnit = 64;
const table = new Float64Array(2 * reach * stepsPerUnit + 1);

// Summed by the trapezoid rule, so exact enough and rising everywhere.
let sum = 0;
let before = density(-reach);
for (let i = 1; i < table.length; i++) {
  const here = density(-reach + i / stepsPerUnit);
  sum += (before + here) / 2;
  table[i] = sum;
  before = here;
}
for (let i = 0; i < table.length; i++) table[i] = table[i]! / sum;

function density(z: number): number {
  return Math.exp((-z * z) / 2);
}

export const logOf = (bound: number): number => Math.log(bound);

/** Share of lognormal observations at or below a bound, both given as their logarithms. */
export function lognormalShare(logBound: number, logMedian: number, spread: number): number {
  const index = ((logBound - logMedian) / spread + reach) * stepsPerUnit;
  if (index <= 0) return 0;
  if (index >= table.length - 1) return 1;
  return table[index | 0]!;
}
