import { z } from 'zod';
import { encodeCloudEvent } from '../formats/cloudevents/cloudevent.ts';
import type { Headers, LogRecord, NewRecord } from './log.ts';
import { rejectedTopic } from './topics.ts';

/**
 * The `data` of a record of the topic `rejected`: one record that could not be used, as it came.
 */
export const rejectedData = z
  .strictObject({
    source: z
      .string()
      .describe('Who could not use it: `kafka/NAME`, `kubernetes/NAME` (a source), `stage/NAME`.'),
    topic: z.string().describe('Where it stood: the name of the topic at its brokers.'),
    partition: z.int().min(0),
    offset: z.int().min(0),
    format: z
      .string()
      .describe('What it should have been: the format of the source, or `telemetry`.'),
    reason: z.string().describe('The same word as in the counters.'),
    error: z.string().describe('What was wrong, for people.'),
    headers: z.record(z.string(), z.string()).describe('Its headers.'),
    value: z.string().describe('Its bytes in base64; as many as are kept.'),
    size: z.int().min(0).describe('How many bytes it had.'),
    truncated: z.boolean().describe('Whether bytes are missing from `value`.'),
  })
  .describe('A record that could not be used; `seastate replay --from rejected` reads it again.');
export type RejectedData = z.infer<typeof rejectedData>;

/** Event type and kind of identity of what stands in `rejected`. */
export const rejectedType = 'seastate.rejected';

/** Where a record stood, and why it is of no use. */
export interface Rejection {
  readonly source: string;
  readonly topic: string;
  readonly partition: number;
  readonly format: string;
  readonly reason: string;
  readonly error: string;
}

/** The data of a rejection; at most `bytesMax` bytes of the value are kept. */
export function rejectedDataOf(
  { source, topic, partition, format, reason, error }: Rejection,
  { offset, headers, value }: Pick<LogRecord, 'offset' | 'headers' | 'value'>,
  bytesMax: number,
): RejectedData {
  const bytes = value ?? new Uint8Array(0);
  const kept = bytes.subarray(0, bytesMax);
  return {
    ...{ source, topic, partition, offset, format, reason, error, headers },
    value: Buffer.from(kept.buffer, kept.byteOffset, kept.byteLength).toString('base64'),
    size: bytes.length,
    truncated: bytes.length > bytesMax,
  };
}

/**
 * The record of a source, which is no stage: without `from` and `number`. Read once more after a
 * crash it has the same subject, so readers keep one.
 */
export function rejectedRecord(data: RejectedData, tenant: string, timeMs: number): NewRecord {
  const { source, topic, partition, offset } = data;
  const subject = `${rejectedTopic}/${source}/${topic}/${partition}/${offset}`;
  const headers: Headers = { tenant, schema: '1' };
  const value = encodeCloudEvent({
    id: `${subject}/0`,
    source: `/${source}`,
    type: rejectedType,
    subject,
    timeMs,
    data,
  });
  return { headers, value };
}
