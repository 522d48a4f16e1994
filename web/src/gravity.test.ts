import { expect, test } from 'vitest';
import { countLevels, levelOf } from './gravity.ts';

test('a severity of any word has a level', () => {
  const words = ['Critical', 'page', 'info', '', 'constructor', '__proto__', 'odd'];
  const levels = ['critical', 'critical', 'info', 'none', 'warning', 'warning', 'warning'];
  expect(words.map(levelOf)).toEqual(levels);
  expect(countLevels(words)).toEqual([
    ['critical', 2],
    ['warning', 3],
    ['info', 1],
    ['none', 1],
  ]);
});
