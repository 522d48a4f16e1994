import { z } from 'zod';

/** Data of an output on topic `alerts`: the start (revision 0) or the end (1) of a firing alert. */
export const alertData = z
  .object({
    state: z.enum(['firing', 'resolved']).describe('resolved: `end` is known'),
    alertname: z.string(),
    alertstate: z
      .enum(['firing', 'pending'])
      .describe('pending only where the settings ask for it'),
    severity: z.string().describe("'' without that label"),
    tenant: z.string(),
    cluster: z.string().describe('identity of the cluster'),
    cluster_title: z.string().describe('what people call it'),
    labels: z
      .record(z.string(), z.string())
      .describe('labels of the ALERTS series, less __name__ and alertstate'),
    value: z.number().describe('of the first sample'),
    start: z.iso.datetime().describe('time of the first sample'),
    end: z.iso
      .datetime()
      .nullable()
      .describe('time of the stale marker, or of the last sample; null while firing'),
    ended_by: z
      .enum(['stale_marker', 'sender_clock', 'switched_off'])
      .nullable()
      .describe(
        "how the end was told: by a stale marker, by the sender's clock going on without it, or " +
          'because the settings switched the processor off',
      ),
    lag_ms: z.number().describe('log time less the time of the sample that told it'),
  })
  .describe('An alert that fires, or fired, on one cluster.');

export type AlertData = z.infer<typeof alertData>;
