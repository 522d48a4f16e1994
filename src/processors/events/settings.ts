import { z } from 'zod';
import { catalogueSchema, duration } from './rule.ts';

/** Settings `events:` of the processor; every limit of its state is here. */
export const eventsSettingsSchema = z
  .strictObject({
    rules: z.array(catalogueSchema).default([]).describe('Own signals and rules'),
    keep: duration.default(6 * 3_600_000).describe('How late evidence may come and still count'),
    silence: duration
      .default(120_000)
      .describe('A cluster without metrics for so long is told as silent'),
    scopes_per_cluster: z.number().int().min(100).default(20_000),
    atoms_per_scope: z.number().int().min(16).default(512),
    pods_per_cluster: z.number().int().min(100).default(20_000),
    unknown_reasons: z.number().int().min(0).default(2_000),
  })
  .prefault({});

export type EventsSettings = z.output<typeof eventsSettingsSchema>;
