import type { State } from './layout.ts';
import * as layout from './layout.ts';
import type { Now } from './now.ts';

// A module's own constants are compiled in, imported ones are read anew each time.
const { bits, bitsAt, count, countsAt, float, floatsAt, inBlockShift } = layout;

/**
 * Symbolic novelty: the last samples as a word over four symbols of the range so far, and the last
 * two means of six samples as a word over eight. A word never seen is as strange as new words are
 * rare in this series. Bounded: a bit per word.
 */
const wordMask = 2047;
const blockMask = 63;
const blockLength = 6;
const wordMemory = 125;
const blockMemory = 200;
/** Least rate that is told apart; numbers near the end of floats are slow as well. */
const rarest = 1e-9;

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
  f[at] = Math.max(rate + ((happened ? 1 : 0) - rate) * share, rarest);
  return happened ? -Math.log(Math.max(rate, rarest)) : 0;
}

function symbol(f: Float32Array, o: number, y: number, symbols: number): number {
  const low = f[o + float.lowest]!;
  const range = f[o + float.highest]! - low;
  if (!(range > 0)) return 0;
  const s = Math.floor((symbols * (y - low)) / range);
  return s < 0 ? 0 : s >= symbols ? symbols - 1 : s;
}

/**
 * Terms 5 and 6: surprise of the word that ends with `y`, and of the word of block means when a
 * block is full.
 */
export function novelty(
  { floats: f, counts: c, seen }: State,
  at: number,
  { n, share, y }: Now,
  terms: Float64Array,
): void {
  const o = floatsAt(at);
  const oc = countsAt(at);
  const os = bitsAt(at);
  if (n === 0) {
    f[o + float.lowest] = y;
    f[o + float.highest] = y;
    f[o + float.wordRate] = 1;
    f[o + float.blockRate] = 1;
  } else if (y < f[o + float.lowest]!) f[o + float.lowest] = y;
  else if (y > f[o + float.highest]!) f[o + float.highest] = y;
  const before = c[oc + count.word]!;
  const inBlock = (before >> inBlockShift) + 1;
  const word = ((before << 2) | symbol(f, o, y, 4)) & wordMask;
  const isNewWord = isNew(seen, os + bits.words, word);
  terms[5] = surprise(f, o + float.wordRate, isNewWord, Math.max(1 / wordMemory, share));
  const sum = f[o + float.blockSum]! + y;
  if (inBlock < blockLength) {
    f[o + float.blockSum] = sum;
    c[oc + count.word] = word | (inBlock << inBlockShift);
    return;
  }
  f[o + float.blockSum] = 0;
  c[oc + count.word] = word;
  const blocks = c[oc + count.block]!;
  const block = ((blocks << 3) | symbol(f, o, sum / blockLength, 8)) & blockMask;
  c[oc + count.block] = (blocks & ~blockMask) | block;
  const pace = Math.max(1 / blockMemory, 1 / ((n + 1) / blockLength + 1));
  terms[6] = surprise(f, o + float.blockRate, isNew(seen, os + bits.blocks, block), pace);
}
