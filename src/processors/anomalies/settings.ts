import { z } from 'zod';
import { messageOf } from '../../core/errors.ts';
import { parseSelector } from '../../core/matchers.ts';
import { configure } from '../../engine/model.ts';
import { modelNamed, registryOf } from '../../models/registry.ts';

/** Series that say nothing as values over time: markers, identities. */
const selectDefault =
  '{__name__!~"ALERTS|ALERTS_FOR_STATE|up|scrape_.*|.*_info|.*_created|.*_labels|.*_annotations"}';

const registry = registryOf();

const routeKeys = z.strictObject({
  select: z
    .string()
    .describe('Selector of the series; the first route that matches takes a series.'),
  model: z.string().default('default').describe('Name of a shipped model.'),
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

/** What is wrong with a route is told here: once in force it would halt every partition. */
const route = routeKeys.superRefine(({ select, model, parameters }, context) => {
  const check = (path: string, body: () => unknown): void => {
    try {
      body();
    } catch (error) {
      context.addIssue({ code: 'custom', path: [path], message: messageOf(error) });
    }
  };
  check('select', () => parseSelector(select));
  check('parameters', () => configure(modelNamed(registry, model), parameters));
});

const selector = z.string().superRefine((given, context) => {
  try {
    parseSelector(given);
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) });
  }
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
