/** The two 32-bit words of Prometheus' stale marker, the NaN 0x7ff0000000000002. */
export const staleHigh = 0x7ff00000;
export const staleLow = 0x00000002;

/**
 * Whether value `index` of a column is a stale marker. `words` are the values as 32-bit words,
 * low word first: the payload of a NaN may not survive a trip through a JavaScript number.
 */
export function isStale(words: Uint32Array, index: number): boolean {
  return words[2 * index + 1] === staleHigh && words[2 * index] === staleLow;
}

/** Writes the stale marker as value `index` of a column. */
export function setStale(words: Uint32Array, index: number): void {
  words[2 * index] = staleLow;
  words[2 * index + 1] = staleHigh;
}
