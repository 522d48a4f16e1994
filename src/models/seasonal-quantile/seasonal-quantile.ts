import { z } from 'zod';
import { defineModel, weight } from '../../engine/model.ts';
import { bounded, inSpreads } from '../bounded.ts';

const hours = 24;
const hourMs = 3_600_000;

const parameters = z.strictObject({
  outside: z
    .number()
    .min(0.001)
    .max(0.5)
    .default(0.02)
    .describe('Share of the samples of an hour that lie outside of the band, half on either side.'),
  step: z
    .number()
    .min(0.001)
    .max(0.5)
    .default(0.03)
    .describe('Step of the running quantiles, in spreads.'),
  warmUpDays: z.number().min(1).max(60).default(3).describe('Days before it scores.'),
});

/** A band per hour of the day from running quantiles: any shape, no assumption of a distribution. */
export const seasonalQuantile = defineModel({
  name: 'seasonal-quantile',
  version: 1,
  summary:
    'For a daily course of any shape: distance to the quantiles that the same hour of the day has had.',
  parameters,
  state: {
    median: { type: 'f64', width: hours },
    lower: { type: 'f64', width: hours },
    upper: { type: 'f64', width: hours },
    visits: { type: 'u16', width: hours },
    spread: { type: 'f64', width: hours },
  },
  score(sample, state, at, { outside, step, warmUpDays }, result) {
    const value = bounded(sample.value);
    const hour = Math.floor(sample.time / hourMs) % hours;
    const k = at * hours + ((hour + hours) % hours);
    if (state.visits[k] === 0) {
      state.median[k] = state.lower[k] = state.upper[k] = value;
    }
    const median = state.median[k]!;
    const lower = state.lower[k]!;
    const upper = state.upper[k]!;
    result.expected = median;
    result.lower = lower;
    result.upper = upper;
    const spread = state.spread[k]!;
    const beyond = value > upper ? value - upper : value < lower ? lower - value : 0;
    if (sample.age >= warmUpDays * 24 * hourMs && spread > 0)
      result.score = inSpreads(beyond, spread);
    const distance = Math.abs(value - median);
    const share = Math.max(weight(200, sample.steps), 1 / (state.visits[k]! + 1));
    state.spread[k] =
      spread + (Math.min(distance, spread > 0 ? 6 * spread : distance) - spread) * share;
    const visits = state.visits[k]!;
    const stride = Math.max(step, 4 / (visits + 4)) * spread;
    state.median[k] = median + Math.sign(value - median) * Math.min(stride / 2, distance);
    const half = outside / 2;
    state.upper[k] = upper + stride * (value > upper ? 1 - half : -half);
    state.lower[k] = lower - stride * (value < lower ? 1 - half : -half);
    if (visits < 65_535) state.visits[k] = visits + 1;
  },
});
