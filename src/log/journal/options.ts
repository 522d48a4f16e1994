import { SeastateError } from '../../core/errors.ts';
import type { TopicSpec } from '../log.ts';

/** Limits of one journal. */
export interface JournalLimits {
  /** Size of a segment; only one append that is larger by itself makes a larger one. */
  readonly segmentBytes: number;
  /** Segments whose records are all older are unlinked. */
  readonly retentionMs: number;
  /** The journal never grows over this: rather it takes no more (`log_full`). */
  readonly bytesMax: number;
}

export interface JournalsOptions {
  readonly dir: string;
  /** Topics that must be there; those of the files are there too. */
  readonly topics: readonly TopicSpec[];
  /** The journal of `telemetry`. */
  readonly input?: JournalLimits;
  /** The journal of all other topics. */
  readonly outputs?: JournalLimits;
  /** The clock: ms since the epoch. */
  readonly now: () => number;
  /** Where a partition that is new begins: for the copy of a part of another log. */
  readonly begin?: (topic: string, partition: number) => number;
  /** Reads beside a writer in another process, or with none: no lock, nothing is changed. */
  readonly readOnly?: boolean;
  /** Newest batches kept in memory for readers, per journal. */
  readonly cacheBytes?: number;
  /** Appends that wait for the disk, per journal; over it they are refused, to be tried later. */
  readonly pendingBytesMax?: number;
  /** Limit of one record. */
  readonly recordBytesMax?: number;
  /** Goes on behind damaged batches instead of stopping with `log_corrupt`; counts the bytes. */
  readonly skipCorrupt?: boolean;
  /** How often a read-only log looks for new records while somebody waits for them. */
  readonly pollMs?: number;
  /** For the durations in the statistics: ms, never goes back. */
  readonly elapsed?: () => number;
}

const mebi = 1024 * 1024;
const hourMs = 3_600_000;

export const journalDefaults = {
  input: { segmentBytes: 64 * mebi, retentionMs: 6 * hourMs, bytesMax: 20 * 1024 * mebi },
  outputs: { segmentBytes: 64 * mebi, retentionMs: 28 * 24 * hourMs, bytesMax: 10 * 1024 * mebi },
  cacheBytes: 32 * mebi,
  pendingBytesMax: 64 * mebi,
  recordBytesMax: 32 * mebi,
  pollMs: 100,
} as const;

/** Everything one journal needs to know, with the defaults filled in. */
export interface JournalSettings extends JournalLimits {
  readonly dir: string;
  readonly topics: readonly TopicSpec[];
  readonly begin: (topic: string, partition: number) => number;
  readonly now: () => number;
  readonly elapsed: () => number;
  readonly readOnly: boolean;
  readonly cacheBytes: number;
  readonly pendingBytesMax: number;
  readonly recordBytesMax: number;
  readonly skipCorrupt: boolean;
  readonly pollMs: number;
  /** Retention deletes nothing of a partition before `keepFrom` was called for it. */
  readonly holdUntilTold: boolean;
}

export function checkLimits(name: string, limits: JournalLimits): void {
  const { segmentBytes, bytesMax, retentionMs } = limits;
  if (!(segmentBytes >= 4096 && segmentBytes <= 1024 * mebi)) {
    throw usage(`${name}: segmentBytes must be between 4 KiB and 1 GiB, not ${segmentBytes}`);
  }
  if (!(bytesMax >= 3 * segmentBytes)) {
    throw usage(`${name}: bytesMax must be at least three times segmentBytes, not ${bytesMax}`);
  }
  if (!(retentionMs > 0)) throw usage(`${name}: retentionMs must be over 0, not ${retentionMs}`);
}

function usage(message: string): SeastateError {
  return new SeastateError('usage', message);
}
