import { z } from 'zod';
import { defineModel } from '../../engine/model.ts';

const parameters = z
  .strictObject({
    above: z.number().optional().describe('An alarm above this value.'),
    below: z.number().optional().describe('An alarm below this value.'),
    samples: z
      .number()
      .int()
      .min(1)
      .max(10_000)
      .default(1)
      .describe('Samples in a row that it takes.'),
  })
  .refine((p) => p.above !== undefined || p.below !== undefined, 'set above, below or both');

/** A bound that people know: a quota, a contract, a law of physics. */
export const staticThreshold = defineModel({
  name: 'static-threshold',
  version: 1,
  summary:
    'For a bound that people know, such as a quota: alarms when the value is above or below it for some samples in a row.',
  parameters,
  state: { outside: 'u16' },
  calibration: 'fixed',
  score(sample, state, at, { above, below, samples }, result) {
    if (below !== undefined) result.lower = below;
    if (above !== undefined) result.upper = above;
    const isOutside = sample.value > (above ?? Infinity) || sample.value < (below ?? -Infinity);
    const run = isOutside ? Math.min(state.outside[at]! + 1, samples) : 0;
    state.outside[at] = run;
    result.score = run / samples;
  },
});
