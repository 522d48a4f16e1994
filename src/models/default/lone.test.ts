import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../core/bytes.ts';
import { configure } from '../../engine/model.ts';
import { Scorer } from '../scorer.ts';
import { alarmsOf, type Made, made, normalOf, passOf, randomOf } from '../series.test-kit.ts';
import { defaultModel } from './default.ts';

const seed = 5;
const minute = 60_000;

/** Noise of size 1 by the minute, with points of a sample. */
function noisy(length: number, pointAt: (i: number) => number): Made {
  const normal = normalOf(randomOf(seed));
  return made(length, minute, (i) => 50 + normal() + pointAt(i));
}

/** Each is less than the one before, so that none but the first is a record. */
const points = new Map([
  [2000, 20],
  [3100, 16],
  [4400, -15],
]);
const calm = noisy(5000, (i) => points.get(i) ?? 0);
/** A point every three hours or so, of any size. */
const spiky = (() => {
  const random = randomOf(seed);
  return noisy(12_000, () => (random() < 0.006 ? 10 + 20 * random() : 0));
})();

describe('a lone sample at fine intervals', () => {
  test('alarms at once where there are hardly any', () => {
    expect(alarmsOf(passOf(defaultModel, calm))).toEqual([...points.keys()]);
  });

  test('is left to persistence where there are many', () => {
    const rows = passOf(defaultModel, spiky).slice(4000);
    const lone = defaultModel.terms!.indexOf('lone');
    expect(rows.filter((row) => row.score > 5).length).toBeGreaterThan(20);
    expect(rows.filter((row) => row.terms[lone]! >= 1)).toEqual([]);
  });
});

test('how many strong ones there were lately is kept with the state', () => {
  const kept = new Scorer(configure(defaultModel));
  let other = new Scorer(configure(defaultModel));
  spiky.values.forEach((value, i) => {
    if (i % 997 === 0) {
      const out = new ByteWriter();
      other.save(out, 1);
      other = new Scorer(configure(defaultModel));
      other.load(new ByteReader(out.view().slice()));
    }
    const time = spiky.times[i]!;
    const verdict = kept.push(0, time, value, 'gauge');
    expect(other.push(0, time, value, 'gauge').terms).toEqual(verdict.terms);
  });
});
