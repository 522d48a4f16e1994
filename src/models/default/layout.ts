import type { Arrays } from '../../engine/columns.ts';
import { tailWidth } from '../tail.ts';

/**
 * State of the default detector: one row of floats, one of counts, one of bits, so that a sample
 * touches few cache lines. Values stand relative to `origin`, the first value, so that 32 bits
 * are enough for a counter of 10^12 that moves by one.
 */
export const buckets = 24;
/** Sums of rarities that persistence may look at, the newest with them. */
export const recentMost = 5;

/** Widths of the rows. */
const floatsWidth = 39 + 2 * buckets;
const countsWidth = 3 * tailWidth + buckets + 4;
const bitsWidth = 66;

/** Offsets in the row of floats. An envelope is mean, upper, lower. */
export const float = {
  fast: 0,
  long: 1,
  offset: 2,
  /** Values smoothed over 32 and 128 samples. */
  level: 3,
  slowLevel: 4,
  /** Deviation from the season, smoothed over 32 samples. */
  deviation: 5,
  /** Robust scales of the residuals: short, seasonal, long. */
  scale: 6,
  wordRate: 9,
  blockRate: 10,
  blockSum: 11,
  lowest: 12,
  highest: 13,
  band: 14,
  /** Sums of rarities of the samples before, newest first. */
  recent: 15,
  /** Of value, level, slow level, what lies outside the season, deviation. */
  envelopes: 19,
  /** Upper and lower of an envelope that forgets; its mean is that of the level envelope. */
  fadingEnvelope: 34,
  season: 36,
  /** Deviation from the season, smoothed over a few samples. */
  drift: 36 + buckets,
  /** What each hour of a weekend lies above the season, rows that taught it, what it is better by. */
  weekend: 37 + buckets,
  weekendRows: 37 + 2 * buckets,
  weekendGain: 38 + 2 * buckets,
  /**
   * In the same places, of a series with a cycle of its own (own-cycle.ts): how far each part is off, -1
   * less the cycles in doubt, how well it holds.
   */
  partScale: 37 + buckets,
  doubt: 37 + 2 * buckets,
  slope: 38 + 2 * buckets,
  width: floatsWidth,
} as const;

const visits = 3 * tailWidth;

/** Offsets in the row of 16-bit counts. */
export const count = {
  tails: 0,
  /** Width of one. */
  tail: tailWidth,
  /** Samples that each hour of the day has taught. */
  visits,
  /** Samples scored against the season. */
  seasoned: visits + buckets,
  /** Eleven bits; above them how many samples are in the block so far. */
  word: visits + buckets + 1,
  /** Of block means, six bits; above them strong samples of late. */
  block: visits + buckets + 2,
  /** The score that was told, in parts (outlast.ts). */
  score: visits + buckets + 3,
  width: countsWidth,
} as const;

/** How `word` and `block` are divided. */
export const inBlockShift = 11;
export const loneShift = 6;

/** Bits that say which words were seen: 2048 of single samples, 64 of block means. */
export const bits = { words: 0, blocks: 64, width: bitsWidth } as const;

export const state = {
  origin: 'f64',
  floats: { type: 'f32', width: float.width },
  counts: { type: 'u16', width: count.width },
  seen: { type: 'u32', width: bits.width },
} as const;

export type State = Arrays<typeof state>;

/**
 * Where the row of a slot begins. Columns have no more elements than the mask has bits for: with it
 * V8 knows that an index is a small whole number, and leaves out a check of each sum with an offset.
 */
export const floatsAt = (at: number): number => Math.imul(at | 0, floatsWidth) & 0x7fff_ffff;
export const countsAt = (at: number): number => Math.imul(at | 0, countsWidth) & 0x7fff_ffff;
export const bitsAt = (at: number): number => Math.imul(at | 0, bitsWidth) & 0x7fff_ffff;
