import { z } from 'zod';
import { feedbackMarks } from '../../log/feedback.ts';

/** Data of an output on topic `anomalies`: an interval in which a series was improbable. */
export const anomalyData = z
  .object({
    state: z.enum(['open', 'closed']),
    kind: z
      .enum(['improbable', 'level-shift', 'flatline', 'stopped'])
      .describe('improbable samples, another level, a value that froze, no samples any more'),
    direction: z.enum(['up', 'down', 'none']),
    metric: z.string(),
    tenant: z.string(),
    cluster: z.string().describe('identity of the cluster'),
    cluster_title: z.string().describe('what people call it'),
    labels: z
      .record(z.string(), z.string())
      .describe(
        'labels of the series, less __name__; of a histogram less le, with quantile ("0.5", "0.99") or stat ("count")',
      ),
    model: z.string(),
    score: z.number().describe('greatest multiple of the cut so far; 1 asks for an alarm'),
    rare_days: z
      .number()
      .nullable()
      .describe(
        'one sample as strange as the strangest is expected once in so many days, at most 36500',
      ),
    observed: z
      .number()
      .nullable()
      .describe('of a counter its rate per second; at the strangest sample'),
    expected: z.number().nullable(),
    lower: z.number().nullable().describe('band around the expected value'),
    upper: z.number().nullable(),
    onset: z.iso.datetime().describe('first sample of the run that led here'),
    start: z.iso.datetime().describe('time of the sample at which it was found'),
    end: z.iso.datetime().nullable().describe('time of the last strange sample; null while open'),
    terms: z
      .record(z.string(), z.number())
      .describe('what contributed, in multiples of its own cut'),
    confidence: z.number().describe('0 to 1: how much of its past the model knows'),
    also_open: z.array(z.string()).describe('metrics of other open anomalies on the same object'),
    feedback: z
      .enum(feedbackMarks)
      .nullable()
      .default(null)
      .describe('what people said about it; null: nothing'),
    feedback_note: z.string().nullable().default(null).describe('in their words'),
    lag_ms: z.number().describe('log time less the time of the sample that told it'),
  })
  .describe('An interval in which a series of one cluster was improbable.');

export type AnomalyData = z.infer<typeof anomalyData>;
