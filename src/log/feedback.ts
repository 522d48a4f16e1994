import { z } from 'zod';

export const feedbackMarks = ['expected', 'confirmed'] as const;
export type FeedbackMark = (typeof feedbackMarks)[number];

/**
 * Value of a `feedback` record of `telemetry`, in the partition of the anomaly's cluster. It
 * carries the anomaly as it was told, so that what follows from it depends on the log alone.
 */
export const feedbackValue = z
  .object({
    anomaly: z.string().describe('`subject` of the anomaly'),
    mark: z
      .enum(feedbackMarks)
      .describe('expected: the same shape does not alarm again; confirmed: it was right to tell'),
    like: z
      .boolean()
      .describe('whether `expected` holds for series of the same metric and workload too'),
    for_ms: z.number().positive().describe('of `expected`: how long it holds, in log time'),
    note: z.string(),
    by: z.string().describe('name of the credential that marked it'),
    revision: z.number().int().min(0).describe('of the anomaly as it is here'),
    data: z.record(z.string(), z.unknown()).describe('the anomaly as it was told: see `anomalies`'),
  })
  .describe('What somebody says about an anomaly');

export type FeedbackValue = z.infer<typeof feedbackValue>;
