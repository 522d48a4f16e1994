/** What a writer counts since it was opened. */
export interface WriterStats {
  appends: number;
  records: number;
  /** Groups of appends written, each with one fdatasync. */
  groups: number;
  appendedBytes: number;
  /** Time spent in fdatasync: sum and longest, ms. */
  syncMs: number;
  syncMsMax: number;
  /** Appends that wait for the disk. */
  pendingBytes: number;
  /** Appends refused for want of room. */
  fullRejections: number;
  /** Appends refused because too many were waiting. */
  unavailableRejections: number;
}

export function newWriterStats(): WriterStats {
  return {
    appends: 0,
    records: 0,
    groups: 0,
    appendedBytes: 0,
    syncMs: 0,
    syncMsMax: 0,
    pendingBytes: 0,
    fullRejections: 0,
    unavailableRejections: 0,
  };
}

/** Plain numbers of one journal, for metrics. */
export interface JournalStats extends Readonly<WriterStats> {
  /** On the disk. */
  readonly bytes: number;
  readonly segments: number;
  /** Torn last writes that were cut off at the start: how many, and how much. */
  readonly truncatedTails: number;
  readonly truncatedBytes: number;
  /** Damaged bytes that were left out (`skipCorrupt`). */
  readonly corruptBytes: number;
  readonly unlinkedSegments: number;
  readonly cacheBytes: number;
  /** Reads that the cache could not serve. */
  readonly diskReads: number;
}
