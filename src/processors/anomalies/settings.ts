import { z } from 'zod';
import { messageOf } from '../../core/errors.ts';
import { parameterProblems } from '../../engine/model.ts';
import type { SettingsFault } from '../../engine/processor.ts';
import { selector } from '../../engine/selector-schema.ts';
import { modelNamed, type Registry } from '../../models/registry.ts';

/** Series that say nothing as values over time: markers, identities. */
const selectDefault =
  '{__name__!~"ALERTS|ALERTS_FOR_STATE|up|scrape_.*|.*_info|.*_created|.*_labels|.*_annotations"}';

const route = z.strictObject({
  select: selector.describe('Selector of the series; the first route that matches takes a series.'),
  model: z
    .string()
    .default('default')
    .describe('Name of a shipped model, or of one in `process.models`.'),
  parameters: z.record(z.string(), z.unknown()).default({}).describe('Parameters of the model.'),
  per_series_day: z
    .number()
    .positive()
    .max(1000)
    .default(0.2)
    .describe('False alarms asked for, per series and day.'),
  per_cluster_day: z
    .number()
    .positive()
    .default(48)
    .describe('Alarms told at most, per cluster and day; the rest is withheld and counted.'),
});

export const anomalySettings = z.object({
  routes: z
    .array(route)
    .max(255)
    .default([route.parse({ select: selectDefault })])
    .describe('Which series are scored, by which model and with which budget.'),
  scores: z
    .array(selector)
    .max(64)
    .default([])
    .describe('Selectors: scores and bands of matching series are written to topic `scores`.'),
  buckets_max: z
    .int()
    .positive()
    .max(65_535)
    .default(2_000)
    .describe('Buckets of one classic histogram; further ones are not read, and counted.'),
  resting_max: z
    .int()
    .nonnegative()
    .default(20_000)
    .describe(
      'Series of one partition that ended more than `time.forget_after` ago and whose state waits for the ' +
        'next of their workload; of more the oldest goes first, of the cluster that has most.',
    ),
  cycle_searches_max: z
    .int()
    .nonnegative()
    .default(10_000)
    .describe(
      'Young series of one partition and route whose own cycle is looked for at once, 287 bytes each for ' +
        'their first 8,192 samples; others have the season of the clock, and are counted.',
    ),
  feedback: z
    .strictObject({
      size_factor: z
        .number()
        .min(1)
        .default(2)
        .describe('A shape marked as expected covers deviations up to so many times its own.'),
      max: z
        .int()
        .positive()
        .default(10_000)
        .describe('Expected shapes of one partition; further marks withhold nothing, counted.'),
    })
    .prefault({})
    .describe('What marks of people (`seastate feedback`) do.'),
});

export type AnomalySettings = z.infer<typeof anomalySettings>;
export type Route = AnomalySettings['routes'][number];

/** Routes whose model is not there, or is given other parameters than it takes. */
export function routeProblems({ routes }: AnomalySettings, models: Registry): SettingsFault[] {
  return routes.flatMap(({ model, parameters }, i): SettingsFault[] => {
    const at = ['routes', i];
    try {
      const definition = modelNamed(models, model);
      const { inputs = [] } = definition;
      if (inputs.length > 1) {
        const what = `model ${model} is over several series (${inputs.join(', ')})`;
        const message = `${what}, and a route gives it one: write a processor instead`;
        return [{ path: [...at, 'model'], message }];
      }
      const problems = parameterProblems(definition, parameters);
      return problems.map(({ path, message }) => ({
        path: [...at, 'parameters', ...path],
        message: `${message} (model ${model})`,
      }));
    } catch (error) {
      return [{ path: [...at, 'model'], message: messageOf(error) }];
    }
  });
}
