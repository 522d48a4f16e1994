import { z } from 'zod';
import { defineModel, weight } from '../../engine/model.ts';
import { bounded, inSpreads } from '../bounded.ts';

const parameters = z.strictObject({
  above: z.number().gt(1).default(2).describe('An alarm above so many times the baseline.'),
  below: z.number().min(0).lt(1).default(0.5).describe('An alarm below this part of the baseline.'),
  samples: z
    .number()
    .min(2)
    .max(1e6)
    .default(500)
    .describe('Samples that the baseline is the mean of.'),
  warmUp: z.number().int().min(1).max(1e6).default(100).describe('Samples before the first alarm.'),
});

/** Twice as much, or half as much, as usual: what people mean by "traffic dropped by half". */
export const baselineRatio = defineModel({
  name: 'baseline-ratio',
  version: 1,
  summary:
    'For "traffic dropped by half": alarms when the value is a multiple, or a part, of its long exponential mean.',
  parameters,
  state: { mean: 'f64' },
  calibration: 'fixed',
  score(sample, state, at, { above, below, samples, warmUp }, result) {
    const value = bounded(sample.value);
    const { count } = sample;
    const mean = count === 0 ? value : state.mean[at]!;
    result.expected = mean;
    result.lower = mean * (mean > 0 ? below : above);
    result.upper = mean * (mean > 0 ? above : below);
    const ratio = mean === 0 ? 1 : inSpreads(value, mean);
    if (count >= warmUp) {
      result.score = Math.max(
        Math.log(ratio) / Math.log(above),
        below > 0 ? Math.log(ratio) / Math.log(below) : 0,
        ratio <= below ? 1 : 0,
        0,
      );
      if (!(ratio > 0)) result.score = ratio <= below ? 1 : 0;
    }
    const share = Math.max(weight(samples, sample.steps), 1 / (count + 1));
    const taught = count < warmUp ? value : Math.min(Math.max(value, result.lower), result.upper);
    state.mean[at] = mean + (taught - mean) * share;
  },
});
