import type { StatusData } from '../engine/status-schema.ts';
import { unmatchedIn } from '../engine/unmatched.ts';
import { type Family, gauge, type Tell } from './registry.ts';

export interface StageNumbers {
  /** The newest `status` output of every partition. */
  readonly book: { all(): readonly StatusData[] };
}

const processorCounts = ({ book }: StageNumbers, tell: Tell): void => {
  for (const { stage, partition, counters, clusters } of book.all()) {
    for (const [reason, count] of Object.entries(counters)) {
      tell(count, { stage, partition, tenant: '', cluster: '', reason });
    }
    for (const { tenant, cluster, counters: own } of clusters) {
      for (const [reason, count] of Object.entries(own)) {
        tell(count, { stage, partition, tenant, cluster, reason });
      }
    }
  }
};

const liveSeries = ({ book }: StageNumbers, tell: Tell): void => {
  for (const { stage, clusters } of book.all()) {
    for (const { tenant, cluster, series } of clusters) tell(series, { stage, tenant, cluster });
  }
};

const unmatched = ({ book }: StageNumbers, tell: Tell): void => {
  for (const { processor, selector } of unmatchedIn(book.all())) tell(1, { processor, selector });
};

const defaulted = ({ book }: StageNumbers, tell: Tell): void => {
  for (const { stage, partition, defaulted: names } of book.all()) {
    for (const processor of names ?? []) tell(1, { stage, partition, processor });
  }
};

/** Of the stages, wherever they run: what their partitions say in `status`. */
export const stageFamilies: readonly Family<StageNumbers>[] = [
  gauge(
    'stage_selector_unmatched',
    '1 for a selector, of settings or of a processor of yours, that no series matches.',
    unmatched,
  ),
  gauge(
    'stage_settings_defaulted',
    '1 for a processor that cannot read the settings in force and runs on its defaults.',
    defaulted,
  ),
  gauge('stage_log_time_seconds', 'Log time of a partition.', ({ book }, tell) => {
    for (const { stage, partition, log_time } of book.all())
      tell(log_time / 1000, { stage, partition });
  }),
  gauge('stage_series', 'Tracked series by cluster.', liveSeries),
  {
    name: 'seastate_stage_counts_total',
    type: 'counter',
    help: 'What processors counted, by reason: every sample that was not used is in here.',
    read: processorCounts,
  },
];
