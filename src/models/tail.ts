/**
 * Tail probabilities from a histogram in log space, one per series and statistic: 40 bins of half
 * an octave around 1, all halved when the sum is full, so that old behaviour fades. Beyond the data
 * the tail goes on as a straight line through the 30th largest and the largest bin. No fit, so
 * nothing that can fail. (Histograms as calibrators: common in monitoring, HdrHistogram for the
 * bins; the extrapolation is the exponential tail of extreme value theory in log space.)
 *
 * A tail is 45 counts: 40 bins, 4 sums of 8 bins (of all but the lowest group), the total.
 */
export const tailWidth = 45;
const bins = 40;
const groupSize = 8;
const groups = bins;
const total = bins + 4;
const middle = bins / 2;
const perOctave = 2;
const full = 20_000;
const least = 30;
/** Values before which nothing is said of how rare one is. */
export const enough = least;
const float = new Float64Array(1);
/** The word with exponent and leading bits is the second one. */
const words = new Int32Array(float.buffer);
/** That word of 1, and its steps in an octave. */
const one = 1023 * 0x100000;
const octave = 0x100000;

/**
 * log2 of a positive number from its own exponent and mantissa: off by at most 0.09, monotone, the
 * same on every machine.
 */
export function roughLog2(x: number): number {
  float[0] = x;
  return (words[1]! - one) / octave;
}

/** Places on the axis of bins are whole numbers, so many to a bin: half an octave each. */
const binShift = 19;
const bin = 1 << binShift;
const first = one - middle * bin;
/** Short of the end by a thousandth of a bin. */
const last = Math.floor((bins - 1e-3) * bin);

/** Place of a ratio from 0. */
function placeOf(ratio: number): number {
  float[0] = ratio;
  return Math.min(Math.max(words[1]! - first, 0), last);
}

/** Values that a tail has learnt and not forgotten. */
export const tailSize = (c: Uint16Array, at: number): number => c[at + total]!;

/**
 * The share of earlier values at or above `ratio`, 1 before there are 30; then adds `ratio`.
 * The tail is c[at, at + 45).
 */
export function shareThenAdd(c: Uint16Array, at: number, ratio: number): number {
  const place = placeOf(ratio);
  const own = place >> binShift;
  const sum = c[at + total]!;
  const share = sum < least ? 1 : shareOf(c, at, sum, place);
  c[at + own]!++;
  if (own >= groupSize) c[at + groups + (own >> 3) - 1]!++;
  if (sum + 1 >= full) halve(c, at);
  else c[at + total] = sum + 1;
  return share;
}

/** Without branches: where a value falls is chance, and a wrong guess costs 20 ns. */
function countsAbove(c: Uint16Array, at: number, own: number): number {
  const group = own >> 3;
  const from = at + group * groupSize;
  const within = own & 7;
  const sums = at + groups;
  let above = 0;
  for (let k = 1; k < groupSize; k++) above += c[from + k]! & ((within - k) >> 31);
  for (let k = 1; k < 5; k++) above += c[sums + k - 1]! & ((group - k) >> 31);
  return above;
}

function shareOf(c: Uint16Array, at: number, sum: number, place: number): number {
  const own = place >> binShift;
  const within = place & (bin - 1);
  // Of the middle's other side counts fall within a bin as they do from bin to bin: once more.
  const isAbove = ~((own - middle) >> 31);
  const partly = c[at + own]! * ((1 - within / bin) * (1 - (within & isAbove) / bin));
  const above = partly + countsAbove(c, at, own);
  // The sign says that the rare call gives a number: else V8 puts every share on the heap.
  return above >= 1 ? (above + 0.5) / (sum + 1) : +shareBeyond(c, at, sum, place / bin);
}

/** Where next to nothing was seen: along the line that goes on behind the largest value. */
function shareBeyond(c: Uint16Array, at: number, sum: number, place: number): number {
  let top = bins - 1;
  while (top > 0 && c[at + top] === 0) top--;
  // Zeros say how often there was something, and nothing of its size.
  if (place < top + 1 || sum - c[at]! < least) return 1.5 / (sum + 1);
  let thirtieth = top;
  for (let seen = c[at + top]!; seen < least && thirtieth > 0; ) seen += c[at + --thirtieth]!;
  const decay = 1 / Math.max(top + 1 - thirtieth, perOctave / 2);
  return (1.5 / (sum + 1)) * least ** (-decay * (place - (top + 1)));
}

function halve(c: Uint16Array, at: number): void {
  let sum = 0;
  c.fill(0, at + groups, at + groups + 4);
  for (let i = 0; i < bins; i++) {
    const half = c[at + i]! >> 1;
    c[at + i] = half;
    sum += half;
    if (i >= groupSize) c[at + groups + (i >> 3) - 1]! += half;
  }
  c[at + total] = sum;
}
