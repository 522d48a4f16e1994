import type { SinkStatus } from '../sinks/prometheus/sink.ts';
import { counter, type Family, gauge, type Tell } from './registry.ts';

export interface SinkNumbers {
  /** What sends findings on. */
  readonly sinks: readonly { status(): SinkStatus }[];
}

const eachSink =
  (read: (status: SinkStatus) => number) =>
  ({ sinks }: SinkNumbers, tell: Tell): void => {
    for (const sink of sinks) tell(read(sink.status()), { sink: sink.status().name });
  };

/** Of what sends findings to others. */
export const sinkFamilies: readonly Family<SinkNumbers>[] = [
  gauge(
    'sink_up',
    '1 unless the receiver could not be written the last time; then it is tried again.',
    eachSink(({ stats }) => (stats.troubleSince === 0 ? 1 : 0)),
  ),
  gauge('sink_lag_records', 'Records of the log that are not sent yet.', ({ sinks }, tell) => {
    for (const sink of sinks) {
      const { name, partitions } = sink.status();
      for (const { topic, partition, lag } of partitions) {
        tell(lag, { sink: name, topic, partition });
      }
    }
  }),
  gauge(
    'sink_sent_log_time_seconds',
    'Log time of the newest record that was sent.',
    ({ sinks }, tell) => {
      for (const sink of sinks) {
        const { name, partitions } = sink.status();
        for (const { topic, partition, logTime } of partitions) {
          if (logTime > 0) tell(logTime / 1000, { sink: name, topic, partition });
        }
      }
    },
  ),
  counter(
    'sink_requests',
    'Requests that were taken.',
    eachSink(({ stats }) => stats.requests),
  ),
  counter(
    'sink_samples',
    'Samples that the receiver has taken.',
    eachSink(({ stats }) => stats.samples),
  ),
  counter(
    'sink_sent_bytes',
    'Bytes of requests that were taken, compressed.',
    eachSink(({ stats }) => stats.bytes),
  ),
  counter(
    'sink_retries',
    'Requests that were sent once more.',
    eachSink(({ stats }) => stats.retries),
  ),
  counter(
    'sink_repeated_samples',
    'Samples that were sent again after a restart, and had arrived before it.',
    eachSink(({ stats }) => stats.repeats),
  ),
  counter(
    'sink_refused_samples',
    'Samples that the receiver refuses for good.',
    ({ sinks }, tell) => {
      for (const sink of sinks) {
        const { name, stats } = sink.status();
        for (const [reason, count] of stats.refused) tell(count, { sink: name, reason });
      }
    },
  ),
  counter(
    'sink_lost_records',
    'Records that retention deleted, or that were never in the log, before they could be sent.',
    eachSink(({ lost }) => lost),
  ),
];
