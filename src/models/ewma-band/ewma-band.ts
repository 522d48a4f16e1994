import { z } from 'zod';
import { defineModel, weight } from '../../engine/model.ts';
import { bounded, inSpreads } from '../bounded.ts';

const parameters = z.strictObject({
  samples: z
    .number()
    .min(2)
    .max(1e6)
    .default(200)
    .describe('Samples that mean and spread look back on.'),
  width: z
    .number()
    .positive()
    .max(100)
    .default(4)
    .describe('Half-width of the band in standard deviations.'),
});

/** The plain z-score: for noise around a level that moves slowly. */
export const ewmaBand = defineModel({
  name: 'ewma-band',
  version: 1,
  summary:
    'For noise around a level that moves slowly: distance to an exponential mean in exponential standard deviations.',
  parameters,
  state: { mean: 'f64', variance: 'f64' },
  score(sample, state, at, { samples, width }, result) {
    const value = bounded(sample.value);
    const mean = sample.count === 0 ? value : state.mean[at]!;
    const deviation = Math.sqrt(state.variance[at]!);
    const error = value - mean;
    result.expected = mean;
    result.lower = mean - width * deviation;
    result.upper = mean + width * deviation;
    if (sample.count >= 20 && deviation > 0) result.score = inSpreads(Math.abs(error), deviation);
    const share = Math.max(weight(samples, sample.steps), 1 / (sample.count + 1));
    state.mean[at] = mean + share * error;
    state.variance[at] = (1 - share) * (state.variance[at]! + share * error * error);
  },
});
