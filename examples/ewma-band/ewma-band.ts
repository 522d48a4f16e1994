import { defineModel, weight } from 'seastate';
import { z } from 'zod';

export const model = defineModel({
  name: 'my-ewma-band',
  version: 1,
  summary: 'Distance to a running mean, in running standard deviations.',
  parameters: z.strictObject({ samples: z.number().min(2).default(100) }),
  state: { mean: 'f64', variance: 'f64' },
  score(sample, state, at, { samples }, result) {
    const mean = sample.count === 0 ? sample.value : state.mean[at]!;
    const deviation = Math.sqrt(state.variance[at]!);
    const error = sample.value - mean;
    result.expected = mean;
    result.lower = mean - 4 * deviation;
    result.upper = mean + 4 * deviation;
    if (deviation > 0) result.score = Math.abs(error) / deviation;
    const share = Math.max(weight(samples, sample.steps), 1 / (sample.count + 1));
    state.mean[at] = mean + share * error;
    state.variance[at] = (1 - share) * (state.variance[at]! + share * error * error);
  },
});
