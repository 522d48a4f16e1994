/**
 * Tail probabilities from a histogram in log space, one per series and statistic: 40 bins of half
 * an octave around 1, all halved when the sum is full, so that old behaviour fades. Beyond the data
 * the tail goes on as a straight line through the 30th largest and the largest bin. No fit, so
 * nothing that can fail. (Histograms as calibrators: common in monitoring, HdrHistogram for the
 * bins; the extrapolation is the exponential tail of extreme value theory in log space.)
 */
export const tailBins = 40;
const perOctave = 2;
const middle = tailBins / 2;
const full = 20_000;
const enough = 30;
const last = tailBins - 1e-3;

/** Place of a positive ratio on the axis of bins. */
function placeOf(ratio: number): number {
  if (!(ratio > 0)) return 0;
  const place = perOctave * Math.log2(ratio) + middle;
  return place < 0 ? 0 : place > last ? last : place;
}

/**
 * -log10 of the share of earlier values at or above `ratio`, 0 before 30 values; then adds `ratio`.
 * The histogram is bins[at, at + 40), its sum is sums[sum].
 */
export function rarityThenAdd(
  bins: Uint16Array,
  at: number,
  sums: Uint16Array,
  sum: number,
  ratio: number,
): number {
  const place = placeOf(ratio);
  const bin = Math.floor(place);
  const total = sums[sum]!;
  const rarity = total < enough ? 0 : rarityOf(bins, at, total, place, bin);
  bins[at + bin]!++;
  if (total + 1 >= full) sums[sum] = halve(bins, at);
  else sums[sum] = total + 1;
  return rarity;
}

function rarityOf(bins: Uint16Array, at: number, total: number, place: number, bin: number) {
  let above = 0;
  for (let i = tailBins - 1; i > bin; i--) above += bins[at + i]!;
  above += bins[at + bin]! * (1 - (place - bin));
  if (above >= 1) return -Math.log10((above + 0.5) / (total + 1));
  let top = tailBins - 1;
  while (top > 0 && bins[at + top] === 0) top--;
  if (place < top + 1) return -Math.log10((above + 0.5) / (total + 1));
  let thirtieth = top;
  for (let seen = bins[at + top]!; seen < enough && thirtieth > 0; ) {
    seen += bins[at + --thirtieth]!;
  }
  const slope = Math.log10(enough) / Math.max(top + 1 - thirtieth, perOctave / 2);
  return -Math.log10(1.5 / (total + 1)) + slope * (place - (top + 1));
}

function halve(bins: Uint16Array, at: number): number {
  let total = 0;
  for (let i = at; i < at + tailBins; i++) {
    bins[i] = bins[i]! >> 1;
    total += bins[i]!;
  }
  return total;
}
