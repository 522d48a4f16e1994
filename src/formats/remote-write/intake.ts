import type { WriteColumns } from './columns.ts';
import type { WriteLimits } from './limits.ts';

/** Why a series entry was rejected. */
export type RejectionReason =
  | 'no_metric_name'
  | 'empty_label_name'
  | 'duplicate_label'
  | 'invalid_utf8'
  | 'too_many_labels'
  | 'label_too_long'
  | 'ref_out_of_range'
  | 'odd_refs'
  | 'samples_and_histograms'
  | 'histogram_invalid'
  | 'exemplar_invalid';

export interface Rejection {
  /** Which series entry of the request. */
  readonly index: number;
  readonly reason: RejectionReason;
  /** The series for people, at most 200 characters, control characters escaped. */
  readonly series: string;
}

export interface WriteCounts {
  readonly series: number;
  readonly samples: number;
  readonly histograms: number;
  readonly exemplars: number;
  /** Entries that carry metadata. */
  readonly metadata: number;
}

/** What became of a request. Valid, like its columns, until the next `read` of the same Intake. */
export interface IntakeResult {
  readonly columns: WriteColumns;
  /** Series entries; the arrays below have at least this length. */
  readonly length: number;
  /** Known series of entry i, -1 when rejected. Means nothing outside of its Intake. */
  readonly series: Int32Array;
  /** Index of its cluster in `clusters`, -1 when rejected. */
  readonly cluster: Int32Array;
  /** 1 when entry i is to be written; 0 when it was rejected or filtered. */
  readonly kept: Uint8Array;
  /** Distinct clusters of the entries to be written ('' for series without), by first use. */
  readonly clusters: readonly string[];
  /** Valid entries, filtered ones among them: what the `Written` headers tell. */
  readonly accepted: WriteCounts;
  readonly filtered: WriteCounts;
  readonly rejected: WriteCounts;
  /** Rejected series by reason. */
  readonly reasons: ReadonlyMap<RejectionReason, number>;
  /** Details of the first rejections (option `rejectionsMax`). */
  readonly rejections: readonly Rejection[];
  /** The bytes that came can be appended as they are: see `Intake.read`. */
  readonly passThrough: boolean;
}

export interface IntakeOptions {
  /** Label names that tell the cluster; the first present wins. */
  readonly clusterLabels?: readonly string[];
  /** Asked once per known series, with its sorted labels. Default: all are kept. */
  readonly keep?: (labels: readonly (readonly [name: string, value: string])[]) => boolean;
  readonly limits?: WriteLimits;
  /** Known series at most; beyond, all are forgotten and learnt again. */
  readonly seriesMax?: number;
  /** Bytes of memory for known series at most. */
  readonly bytesMax?: number;
  /** Rejections told in full per request. */
  readonly rejectionsMax?: number;
  /** Seed of the hash tables: random where senders are not trusted. */
  readonly seed?: number;
}

/**
 * The gateway's reading of decoded requests: validates each series entry, knows series again
 * (next-series prediction: shared/reference/remote-write.md 10), finds cluster and filter.
 */
export declare class Intake {
  constructor(options?: IntakeOptions);

  /**
   * Reads decoded columns of either protocol. Never throws on their content: a bad entry is
   * rejected and its neighbours are kept. `passThrough` is true when it was protocol 2 with one
   * cluster, and nothing was rejected, filtered, unsorted, or had empty label values.
   */
  read(columns: WriteColumns): IntakeResult;

  /** Forgets all known series, as when the filter changed. */
  clear(): void;

  readonly knownSeries: number;
  readonly bytesUsed: number;
}
