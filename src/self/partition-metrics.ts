import type { FeedStatus } from '../engine/runtime/embedded/feed.ts';
import { counter, type Family, gauge, type Tell } from './registry.ts';

export interface PartitionNumbers {
  /** Absent where another process runs the stages. */
  readonly runtime: { status(): readonly FeedStatus[] } | undefined;
}

const eachFeed =
  (read: (feed: FeedStatus) => number) =>
  ({ runtime }: PartitionNumbers, tell: Tell): void => {
    for (const feed of runtime?.status() ?? []) tell(read(feed), { partition: feed.partition });
  };

/** Of the partitions that this process runs. */
export const partitionFamilies: readonly Family<PartitionNumbers>[] = [
  gauge(
    'partition_running',
    '1 when records are processed.',
    eachFeed((f) => (f.state === 'running' ? 1 : 0)),
  ),
  gauge(
    'partition_halted',
    '1 when somebody must look.',
    eachFeed((f) => (f.state === 'halted' ? 1 : 0)),
  ),
  gauge(
    'partition_next_offset',
    'The record to be processed next.',
    eachFeed((f) => f.next),
  ),
  counter(
    'partition_restores',
    'States loaded from a snapshot.',
    eachFeed((f) => f.restores),
  ),
  counter(
    'partition_snapshots',
    'Snapshots made.',
    eachFeed((f) => f.snapshots),
  ),
  counter(
    'partition_repeated_outputs',
    'Outputs that were in the log before a restart, and found to be equal.',
    eachFeed((f) => f.repeatedOutputs),
  ),
];
