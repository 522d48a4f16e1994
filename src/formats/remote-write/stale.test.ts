import { expect, test } from 'vitest';
import { isStale, setStale } from './stale.ts';

test('only the one bit pattern is stale', () => {
  const values = new Float64Array([0, Number.NaN, Number.POSITIVE_INFINITY, 1]);
  const words = new Uint32Array(values.buffer);
  setStale(words, 0);
  expect(new BigUint64Array(values.buffer)[0]).toBe(0x7ff0_0000_0000_0002n);
  expect([0, 1, 2, 3].map((index) => isStale(words, index))).toEqual([true, false, false, false]);
  words[0] = 1;
  expect(isStale(words, 0)).toBe(false);
});
