import { tailWidth } from '../tail.ts';

/**
 * State of the default detector: one row of floats, one of counts, one of bits, so that a sample
 * touches few cache lines. Values stand relative to `origin`, the first value, so that 32 bits
 * are enough for a counter of 10^12 that moves by one.
 */
export const buckets = 24;
export const levels = 3;
/** Sums of rarities that persistence may look at, the newest with them. */
export const recentMost = 5;

/** Offsets in the row of floats. An envelope is mean, upper, lower. */
export const float = {
  fast: 0,
  long: 1,
  offset: 2,
  /** Smoothed values, slow to slower. */
  level: 3,
  /** Smoothed deviation from the season, the same scales. */
  deviation: 6,
  /** Robust scales of the residuals: short, seasonal, long. */
  scale: 9,
  wordRate: 12,
  blockRate: 13,
  blockSum: 14,
  lowest: 15,
  highest: 16,
  band: 17,
  /** Sums of rarities of the samples before, newest first. */
  recent: 18,
  valueEnvelope: 22,
  levelEnvelope: 25,
  seasonEnvelope: 34,
  deviationEnvelope: 37,
  /** Upper and lower of envelopes that forget; their means are those of the level envelopes. */
  fadingEnvelope: 46,
  season: 50,
  width: 50 + buckets,
} as const;

const visits = 3 * tailWidth;

/** Offsets in the row of 16-bit counts. */
export const count = {
  tails: 0,
  /** Samples that each hour of the day has taught. */
  visits,
  /** Samples scored against the season. */
  seasoned: visits + buckets,
  word: visits + buckets + 1,
  block: visits + buckets + 2,
  inBlock: visits + buckets + 3,
  width: visits + buckets + 4,
} as const;

/** Bits that say which words were seen: 2048 of single samples, 64 of block means. */
export const bits = { words: 0, blocks: 64, width: 66 } as const;

export const state = {
  origin: 'f64',
  floats: { type: 'f32', width: float.width },
  counts: { type: 'u16', width: count.width },
  seen: { type: 'u32', width: bits.width },
} as const;
