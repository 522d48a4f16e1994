import { expect, test } from 'vitest';
import { z } from 'zod';
import { configure, defineModel, type Result, type Sample } from '../engine/model.ts';
import { Scorer } from './scorer.ts';

// What gets past the compiler with `any`, or in plain JavaScript.
// biome-ignore lint/suspicious/noExplicitAny: that is the point
type Unchecked = any;

const parameters = z.strictObject({
  width: z.number().default(3),
  deep: z.strictObject({ list: z.array(z.number()).default([1]) }).prefault({}),
});

/** The last of three samples of a series on which a model does something, beside a sound one. */
function misbehaving(act: (sample: Sample, parameters: Unchecked, result: Result) => void) {
  const model = defineModel({
    ...{ name: 'mine', version: 1, summary: 's', parameters, terms: ['only'] },
    state: { last: 'f64' },
    score(sample, state, at, given, result) {
      state.last[at] = sample.value;
      result.score = 1;
      result.terms[0] = 1;
      if (sample.kind === 'ratio') act(sample, given, result);
    },
  });
  const scorer = new Scorer(configure(model), { guard: true });
  let said = { outcome: '', error: '' };
  for (let i = 0; i < 3; i++) {
    const { outcome, error } = scorer.push(0, i * 60_000, i, 'ratio');
    said = { outcome, error };
    const sound = scorer.push(1, i * 60_000, i, 'gauge');
    if (i > 0) expect([sound.outcome, sound.error]).toEqual(['scored', '']);
  }
  return said;
}

test.each([
  ['a number', (given: Unchecked) => given.width++, /read only/],
  ['a list within', (given: Unchecked) => given.deep.list.push(1), /not extensible/],
])('parameters cannot be written: %s', (_, write, error) => {
  expect(misbehaving((_sample, given) => write(given))).toEqual({
    outcome: 'failed',
    error: expect.stringMatching(error),
  });
});

test.each([
  ['score', '5', /score 5/],
  ['score', Number.NaN, /score NaN/],
  ['score', -1, /score -1/],
  ['expected', 'stale', /expected "stale"/],
  ['lower', undefined, /lower "undefined"/],
] as const)('%s %s is no number', (name, value, error) => {
  expect(
    misbehaving((_sample, _given, result) => Object.assign(result, { [name]: value })),
  ).toEqual({ outcome: 'failed', error: expect.stringMatching(error) });
});

test('what it puts in the place of shared arrays is of no concern to other series', () => {
  const swap = (sample: Unchecked, _: Unchecked, result: Unchecked) => {
    sample.values = null;
    result.terms = [];
  };
  expect(misbehaving(swap).outcome).toBe('scored');
});

test.each([
  ['state', { a: 'f63' }, /column a has no type "f63": there are f64, f32/],
  ['state', { a: { type: 'f64', width: 1e9 } }, /column a cannot be 1000000000 wide/],
  ['state', { a: { type: 'f64', width: 1.5 } }, /column a cannot be 1.5 wide/],
  ['state', { a: { type: 'f64', initial: 'x' } }, /column a begins with x/],
  ['state', { a: null }, /column a has no type "undefined"/],
  ['state', undefined, /object of columns/],
  ['score', undefined, /score must be a function/],
  ['parameters', undefined, /schema of zod/],
  ['calibration', 'mine', /cannot be calibrated by "mine"/],
])('a declaration with %s %j is refused', (name, value, message) => {
  const sound = { name: 'mine', version: 1, summary: 's', parameters, state: { last: 'f64' } };
  const declared = { ...sound, score() {}, [name]: value } as Unchecked;
  expect(() => defineModel(declared)).toThrow(message);
});

test('parameters may be typed arrays', () => {
  const listed = z.array(z.number()).transform((list) => Float64Array.from(list));
  const model = defineModel({
    ...{ name: 'mine', version: 1, summary: 's', state: { last: 'f64' } },
    parameters: z.strictObject({ weights: listed }),
    score() {},
  });
  const weights = Float64Array.of(1, 2);
  expect(configure(model, { weights: [1, 2] }).parameters).toEqual({ weights });
});
