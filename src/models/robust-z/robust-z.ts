import { z } from 'zod';
import { defineModel } from '../../engine/model.ts';
import { bounded, inSpreads } from '../bounded.ts';

const parameters = z.strictObject({
  step: z
    .number()
    .min(0.001)
    .max(0.5)
    .default(0.03)
    .describe('Step of the running median, in median deviations: small is steady, large is quick.'),
  width: z
    .number()
    .positive()
    .max(100)
    .default(6)
    .describe('Half-width of the band in deviations (1.4826 MAD).'),
});

/** Deviations that make up one standard deviation of a normal distribution. */
const perMad = 1.4826;

/** z by running median and median absolute deviation: outliers do not widen its band. */
export const robustZ = defineModel({
  name: 'robust-z',
  version: 1,
  summary:
    'For noise with outliers, which do not widen its band: distance to a running median in running median absolute deviations.',
  parameters,
  state: { median: 'f64', mad: 'f64' },
  score(sample, state, at, { step, width }, result) {
    const value = bounded(sample.value);
    const { count } = sample;
    const median = count === 0 ? value : state.median[at]!;
    const mad = state.mad[at]!;
    const distance = Math.abs(value - median);
    const scale = perMad * mad;
    result.expected = median;
    result.lower = median - width * scale;
    result.upper = median + width * scale;
    if (count >= 30 && scale > 0) result.score = inSpreads(distance, scale);
    const stride = (mad > 0 ? mad : distance) * Math.max(step, 1 / (count + 1)) * sample.steps;
    state.median[at] = median + Math.sign(value - median) * Math.min(stride, distance);
    const off = Math.abs(distance - mad);
    state.mad[at] = mad + Math.sign(distance - mad) * Math.min(stride, off);
  },
});
