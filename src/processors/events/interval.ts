import { z } from 'zod';
import { severities } from './rule.ts';

/** ms since the epoch. */
const time = z.number().int();

/**
 * Data of a record of topic `events` (CloudEvents type `seastate.event`): one interval of one
 * cluster, as known at this revision. Consumers keep the highest revision of an `id`.
 */
export const intervalSchema = z
  .object({
    id: z.string().describe('Identity of the interval; also the subject'),
    change: z
      .enum(['open', 'update', 'close', 'withdraw'])
      .describe('What this revision did. withdraw: better evidence explains it otherwise'),
    cluster: z.string(),
    fact: z.string().describe('What happened, such as node_memory_pressure'),
    rule: z.string(),
    family: z.string(),
    title: z.string(),
    object: z.string().describe('Kind/name, Kind/namespace/name or Cluster'),
    severity: z.enum(severities),
    start: time,
    end: time.nullable().describe('null while it lasts'),
    endBy: z
      .string()
      .nullable()
      .describe('Signal that ended it; quiet: nothing came any more; switched-off: by settings'),
    slots: z.record(z.string(), z.string()).describe('from, to, node, group, version and the like'),
    count: z.number().int().describe('Occurrences, a lower bound; never falls'),
    confidence: z
      .number()
      .describe('0 to 1: 0.95 by both sources, 0.8 by one, 0.5 concluded, 0.3 object is a guess'),
    parent: z.string().nullable().describe('Interval of which this is an expected effect'),
    overdue: z.boolean().describe('Lasts longer than usual: to be reported, parent or not'),
    evidence: z
      .array(
        z.object({
          source: z.enum(['kubernetes-event', 'metric']),
          signal: z.string(),
          role: z.enum(['start', 'during', 'end']),
          first: time,
          last: time,
          count: z.number().int(),
        }),
      )
      .describe('By signal and role, at most 16'),
    missing: z
      .array(z.enum(['kubernetes-event', 'metric', 'end']))
      .describe('Evidence that such a fact has and this one lacks'),
    phases: z
      .array(z.object({ name: z.string(), start: time, end: time.nullable() }))
      .describe('Stages of an upgrade'),
    percent: z.number().nullable().describe('Progress of an upgrade'),
    nodes: z
      .array(
        z.object({
          node: z.string(),
          start: time.nullable(),
          end: time.nullable(),
          stuck: z.boolean(),
        }),
      )
      .describe('Progress of an upgrade by node'),
  })
  .describe('An interval in which a cluster did something');

export type Interval = z.infer<typeof intervalSchema>;

/** Data of topic `events`: the interval, and in one word how it stands. */
export const eventData = z
  .object({
    state: z.enum(['open', 'closed', 'withdrawn']),
    tenant: z.string(),
    cluster_title: z.string().describe('what people call the cluster'),
    ...intervalSchema.shape,
  })
  .describe('An interval in which a cluster did something');

export type EventData = z.infer<typeof eventData>;

export function stateOf({ change, end }: Interval): EventData['state'] {
  if (change === 'withdraw') return 'withdrawn';
  return end === null ? 'open' : 'closed';
}

/** JSON Schema of the data of topic `events`, for the documentation. */
export function intervalJsonSchema(): object {
  return z.toJSONSchema(eventData);
}
