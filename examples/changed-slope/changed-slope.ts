import { defineModel } from 'seastate';
import { linearRegression, linearRegressionLine } from 'simple-statistics';
import { z } from 'zod';

/** Samples that a line is laid through: the width of the column that keeps them. */
const window = 32;

/**
 * How far a value is from where a straight line through the 32 values before it leads, in mean
 * distances from such lines: for what grows steadily, such as a queue or a disk. The line is of the
 * library simple-statistics, which is bundled with this file.
 */
export const changedSlope = defineModel({
  name: 'changed-slope',
  version: 1,
  summary: 'Distance to a straight line through the values before, in usual distances.',
  parameters: z.strictObject({ samples: z.number().min(10).default(200) }),
  state: { values: { type: 'f64', width: window }, usual: 'f64' },
  score(sample, state, at, { samples }, result) {
    const values = state.values.subarray(at * window, (at + 1) * window);
    if (sample.count >= window) {
      const points = Array.from(values, (value, i) => [i, value]);
      const expected = linearRegressionLine(linearRegression(points))(window);
      const distance = Math.abs(sample.value - expected);
      const usual = state.usual[at]!;
      result.expected = expected;
      result.lower = expected - 4 * usual;
      result.upper = expected + 4 * usual;
      if (usual > 0) result.score = distance / usual;
      state.usual[at] = usual + (distance - usual) / Math.min(sample.count - window + 1, samples);
    }
    values.copyWithin(0, 1);
    values[window - 1] = sample.value;
  },
});
