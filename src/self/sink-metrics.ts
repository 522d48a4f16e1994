import type { SinkStatus } from '../sinks/prometheus/sink.ts';
import type { Family, Tell } from './registry.ts';

interface Sources {
  readonly sinks: readonly { status(): SinkStatus }[];
}

const eachSink =
  (read: (status: SinkStatus) => number) =>
  ({ sinks }: Sources, tell: Tell): void => {
    for (const sink of sinks) tell(read(sink.status()), { sink: sink.status().name });
  };

const counter = (name: string, help: string, read: Family<Sources>['read']): Family<Sources> => ({
  name: `seastate_sink_${name}_total`,
  type: 'counter',
  help,
  read,
});

/** Of what sends findings to others. */
export const sinkFamilies: readonly Family<Sources>[] = [
  {
    name: 'seastate_sink_up',
    type: 'gauge',
    help: '1 unless the receiver could not be written the last time; then it is tried again.',
    read: eachSink(({ stats }) => (stats.troubleSince === 0 ? 1 : 0)),
  },
  {
    name: 'seastate_sink_lag_records',
    type: 'gauge',
    help: 'Records of the log that are not sent yet.',
    read: ({ sinks }, tell) => {
      for (const sink of sinks) {
        const { name, partitions } = sink.status();
        for (const { topic, partition, lag } of partitions) {
          tell(lag, { sink: name, topic, partition });
        }
      }
    },
  },
  {
    name: 'seastate_sink_sent_log_time_seconds',
    type: 'gauge',
    help: 'Log time of the newest record that was sent.',
    read: ({ sinks }, tell) => {
      for (const sink of sinks) {
        const { name, partitions } = sink.status();
        for (const { topic, partition, logTime } of partitions) {
          if (logTime > 0) tell(logTime / 1000, { sink: name, topic, partition });
        }
      }
    },
  },
  counter(
    'requests',
    'Requests that were taken.',
    eachSink(({ stats }) => stats.requests),
  ),
  counter(
    'samples',
    'Samples that the receiver has taken.',
    eachSink(({ stats }) => stats.samples),
  ),
  counter(
    'sent_bytes',
    'Bytes of requests that were taken, compressed.',
    eachSink(({ stats }) => stats.bytes),
  ),
  counter(
    'retries',
    'Requests that were sent once more.',
    eachSink(({ stats }) => stats.retries),
  ),
  counter(
    'repeated_samples',
    'Samples that were sent again after a restart, and had arrived before it.',
    eachSink(({ stats }) => stats.repeats),
  ),
  counter('refused_samples', 'Samples that the receiver refuses for good.', ({ sinks }, tell) => {
    for (const sink of sinks) {
      const { name, stats } = sink.status();
      for (const [reason, count] of stats.refused) tell(count, { sink: name, reason });
    }
  }),
  counter(
    'lost_records',
    'Records that retention deleted, or that were never in the log, before they could be sent.',
    eachSink(({ lost }) => lost),
  ),
];
