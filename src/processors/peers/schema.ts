import { z } from 'zod';

/** Data of an output on topic `peers`. */
export const peersData = z
  .object({
    from: z.string().describe('start of the five minutes of log time'),
    to: z.string(),
    metric: z.string(),
    tenant: z.string(),
    cluster: z.string().describe('identity of the cluster'),
    cohort: z.string().describe('the same for the like of these series in every cluster'),
    workload: z.string().describe('name of the pods without what changes; empty without pods'),
    labels: z.record(z.string(), z.string()).describe('labels that all of them have'),
    unit: z.enum(['value', 'rate']).describe('newest value, or of a counter its rate per second'),
    count: z.int().describe('series of the group that reported'),
    median: z.number(),
    spread: z.number().describe('median of the absolute deviations from the median'),
  })
  .describe('How like series of one cluster stood at the end of five minutes of log time.');
export type PeersData = z.infer<typeof peersData>;
