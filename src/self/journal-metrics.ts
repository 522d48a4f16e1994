import type { JournalStats } from '../log/journal/stats.ts';
import { counter, type Family, gauge, type Tell } from './registry.ts';

export interface JournalNumbers {
  readonly log: {
    /** By name; empty where the log is no journal. */
    journalStats(): Readonly<Record<string, JournalStats>>;
  };
}

const eachJournal =
  (read: (stats: JournalStats) => number) =>
  ({ log }: JournalNumbers, tell: Tell): void => {
    for (const [journal, stats] of Object.entries(log.journalStats())) {
      tell(read(stats), { journal });
    }
  };

/** Of the files of the log, where they are ours. */
export const journalFamilies: readonly Family<JournalNumbers>[] = [
  counter(
    'journal_appends',
    'Appends.',
    eachJournal((j) => j.appends),
  ),
  counter(
    'journal_records',
    'Records appended.',
    eachJournal((j) => j.records),
  ),
  counter(
    'journal_appended_bytes',
    'Bytes appended.',
    eachJournal((j) => j.appendedBytes),
  ),
  counter(
    'journal_groups',
    'Groups of appends, each with one fdatasync.',
    eachJournal((j) => j.groups),
  ),
  counter(
    'journal_sync_seconds',
    'Time in fdatasync.',
    eachJournal((j) => j.syncMs / 1000),
  ),
  gauge(
    'journal_sync_longest_seconds',
    'The longest fdatasync since the start.',
    eachJournal((j) => j.syncMsMax / 1000),
  ),
  gauge(
    'journal_pending_bytes',
    'Appends that wait for the disk.',
    eachJournal((j) => j.pendingBytes),
  ),
  counter(
    'journal_refused_full',
    'Appends refused for want of room.',
    eachJournal((j) => j.fullRejections),
  ),
  counter(
    'journal_refused_busy',
    'Appends refused because too many were waiting.',
    eachJournal((j) => j.unavailableRejections),
  ),
  gauge(
    'journal_size_bytes',
    'On the disk.',
    eachJournal((j) => j.bytes),
  ),
  gauge(
    'journal_segments',
    'Files.',
    eachJournal((j) => j.segments),
  ),
  counter(
    'journal_unlinked_segments',
    'Files deleted by retention.',
    eachJournal((j) => j.unlinkedSegments),
  ),
  counter(
    'journal_truncated_bytes',
    'Bytes of torn last writes that were cut off at the start.',
    eachJournal((j) => j.truncatedBytes),
  ),
  counter(
    'journal_corrupt_bytes',
    'Damaged bytes that were left out.',
    eachJournal((j) => j.corruptBytes),
  ),
  gauge(
    'journal_cache_bytes',
    'Newest records kept in memory.',
    eachJournal((j) => j.cacheBytes),
  ),
  counter(
    'journal_disk_reads',
    'Reads beside the cache.',
    eachJournal((j) => j.diskReads),
  ),
];
