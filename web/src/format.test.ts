import { expect, test } from 'vitest';
import { rarity, shortMoment } from './format.ts';

test('a time of today is without its day', () => {
  const now = Date.parse('2026-11-22T20:00:00Z');
  expect(shortMoment(now - 3_600_000, 'utc', now)).toBe('19:00:00');
  expect(shortMoment(now - 86_400_000, 'utc', now)).toBe('11-21 20:00');
});

test('rarity is said in the unit that fits', () => {
  expect(rarity(null)).toBe('');
  expect(rarity(0.4)).toBe('more than once a day');
  expect(rarity(12.34)).toBe('once in 12.3 days');
  expect(rarity(730.5)).toBe('once in 2 years');
  expect(rarity(36_500)).toBe('once in 100 years or less');
});
