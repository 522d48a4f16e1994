import { z } from 'zod';

const counters = z.record(z.string(), z.number());
const ofCluster = { tenant: z.string(), cluster: z.string().describe('identity of the cluster') };

/**
 * Data of an output on topic `status`. Lists that are too long for one record go on in further
 * parts of the same tick, which hold nothing else.
 */
export const statusSchema = z
  .object({
    stage: z.string(),
    partition: z.int(),
    tick: z.int(),
    part: z.int().describe('from 0: of lists that are too long for one record'),
    parts: z.int().describe('how many there are of this tick'),
    log_time: z.number().describe('ms'),
    settings_version: z.number(),
    series: z.int().describe('tracked; 0 in further parts'),
    counters: counters.describe('of the partition as a whole, by reason; they only grow'),
    clusters: z.array(
      z.object({
        ...ofCluster,
        title: z.string().describe('what people call it'),
        series: z.int(),
        counters,
      }),
    ),
    senders: z.array(
      z.object({
        ...ofCluster,
        prometheus: z.string(),
        replica: z.string(),
        followed: z.boolean(),
        clock: z.number().describe('ms of its newest accepted sample'),
        seen: z.number().describe('log time (ms) of its last sample'),
        repeats: z.int(),
        late: z.int(),
      }),
    ),
    notes: z
      .array(
        z.object({
          processor: z.string(),
          ...ofCluster,
          what: z.string(),
          count: z.int(),
          seen: z.number().describe('log time (ms) of the last time'),
        }),
      )
      .describe('what processors want people to look at, such as reasons that no rule knows'),
    unmatched: z
      .array(
        z.object({
          processor: z.string(),
          selector: z.string(),
          unmet: z
            .array(z.string())
            .describe('matchers that no series satisfies; none: no series satisfies all of them'),
          taken: z
            .literal(true)
            .optional()
            .describe('series match, and others that come first take them all'),
        }),
      )
      .describe('what settings ask for, and users\u2019 processors, and no tracked series matches'),
    defaulted: z
      .array(z.string())
      .optional()
      .describe('processors that cannot read the settings in force and run on their defaults'),
  })
  .describe('What a partition has done so far.');

type Deep<T> = T extends object ? { readonly [K in keyof T]: Deep<T[K]> } : T;
type Status = Deep<z.infer<typeof statusSchema>>;

/** The same; records of older programs have no parts. */
export type StatusData = Omit<Status, 'part' | 'parts'> & Partial<Pick<Status, 'part' | 'parts'>>;
