/**
 * What is known of the sample at hand, as the parts of the detector find it. Handed on in one
 * object and no number by itself: V8 puts a double on the heap to pass it to a function that it
 * does not inline, and all parts together are more than it inlines.
 */
export interface Now {
  /** The value relative to the origin, as the state holds it. */
  y: number;
  /** Samples before, and the weight of one more value among them. */
  n: number;
  share: number;
  /** The same of samples scored against the season. */
  seasonedCount: number;
  seasonedShare: number;
  /** Whether a whole cycle was seen. */
  seasoned: boolean;
  /** It has a cycle of its own, which did not hold lately. */
  doubted: boolean;
  /** Of the season. */
  bucket: number;
  /** It is a weekend, and weekends are known to differ. */
  weekend: boolean;
  /** Distances to short mean, season and long mean. */
  fromShort: number;
  fromSeason: number;
  fromLong: number;
  /** Size of the effect, 1 at six scales. */
  size: number;
  /** The season's scale, here, before this sample has taught it. */
  seasonScale: number;
  /** -log10 of the product of the shares of earlier samples that lay as far away. */
  rarity: number;
  /** These shares, of short, season and long. */
  readonly shares: Float64Array;
}

/** To be filled. The numbers are none that V8 would keep as small integers. */
export const emptyNow = (): Now => ({
  y: Number.NaN,
  n: 0,
  share: Number.NaN,
  seasonedCount: 0,
  seasonedShare: Number.NaN,
  seasoned: false,
  doubted: false,
  bucket: 0,
  weekend: false,
  fromShort: Number.NaN,
  fromSeason: Number.NaN,
  fromLong: Number.NaN,
  size: Number.NaN,
  seasonScale: Number.NaN,
  rarity: Number.NaN,
  shares: new Float64Array(3),
});
