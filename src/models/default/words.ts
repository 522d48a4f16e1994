import { bits, count, float } from './layout.ts';

/**
 * Symbolic novelty: the last samples as a word over four symbols of the range so far, and the last
 * two means of six samples as a word over eight. A word never seen is as strange as new words are
 * rare in this series. Bounded: a bit per word.
 */
const wordMask = 2047;
const blockLength = 6;
const wordMemory = 125;
const blockMemory = 200;

/** Whether the bit was clear; sets it. */
function isNew(seen: Uint32Array, at: number, word: number): boolean {
  const index = at + (word >> 5);
  const bit = 1 << (word & 31);
  const old = seen[index]!;
  if ((old & bit) !== 0) return false;
  seen[index] = old | bit;
  return true;
}

/** Nats of surprise at an event of this rate; then learns whether it happened. */
function surprise(f: Float32Array, at: number, happened: boolean, share: number): number {
  const rate = f[at]!;
  f[at] = rate + ((happened ? 1 : 0) - rate) * share;
  return happened ? -Math.log(Math.max(rate, 1e-9)) : 0;
}

function symbol(f: Float32Array, o: number, y: number, symbols: number): number {
  const low = f[o + float.lowest]!;
  const range = f[o + float.highest]! - low;
  if (!(range > 0)) return 0;
  const s = Math.floor((symbols * (y - low)) / range);
  return s < 0 ? 0 : s >= symbols ? symbols - 1 : s;
}

export function stretch(f: Float32Array, o: number, n: number, y: number): void {
  if (n === 0 || y < f[o + float.lowest]!) f[o + float.lowest] = y;
  if (n === 0 || y > f[o + float.highest]!) f[o + float.highest] = y;
}

/** Surprise of the word that ends with `y`; `n` = samples before. */
export function wordSurprise(
  f: Float32Array,
  o: number,
  c: Uint16Array,
  oc: number,
  seen: Uint32Array,
  os: number,
  n: number,
  y: number,
): number {
  const word = ((c[oc + count.word]! << 2) | symbol(f, o, y, 4)) & wordMask;
  c[oc + count.word] = word;
  const fresh = isNew(seen, os + bits.words, word);
  if (n === 0) f[o + float.wordRate] = 1;
  return surprise(f, o + float.wordRate, fresh, Math.max(1 / wordMemory, 1 / (n + 2)));
}

/** Surprise of the word of block means when a block is full, else 0. */
export function blockSurprise(
  f: Float32Array,
  o: number,
  c: Uint16Array,
  oc: number,
  seen: Uint32Array,
  os: number,
  n: number,
  y: number,
): number {
  if (n === 0) f[o + float.blockRate] = 1;
  f[o + float.blockSum]! += y;
  const inBlock = c[oc + count.inBlock]! + 1;
  c[oc + count.inBlock] = inBlock;
  if (inBlock < blockLength) return 0;
  const mean = f[o + float.blockSum]! / blockLength;
  f[o + float.blockSum] = 0;
  c[oc + count.inBlock] = 0;
  const word = ((c[oc + count.block]! << 3) | symbol(f, o, mean, 8)) & 63;
  c[oc + count.block] = word;
  const fresh = isNew(seen, os + bits.blocks, word);
  const share = Math.max(1 / blockMemory, 1 / ((n + 1) / blockLength + 1));
  return surprise(f, o + float.blockRate, fresh, share);
}
