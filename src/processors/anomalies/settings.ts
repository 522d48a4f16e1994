import { z } from 'zod';

/** Series that say nothing as values over time: markers, identities, parts of histograms. */
const selectDefault =
  '{__name__!~"ALERTS|ALERTS_FOR_STATE|up|scrape_.*|.*_bucket|.*_info|.*_created|.*_labels|.*_annotations"}';

const route = z.strictObject({
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

export const anomalySettings = z.object({
  routes: z
    .array(route)
    .default([route.parse({ select: selectDefault })])
    .describe('Which series are scored, by which model and with which budget.'),
});

export type AnomalySettings = z.infer<typeof anomalySettings>;
export type Route = AnomalySettings['routes'][number];
