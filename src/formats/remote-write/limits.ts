/**
 * Limits of one request or record. Over one of the first four it is refused as a whole
 * (`limit_exceeded`, naming the limit). Of the label limits the gateway rejects the series alone.
 */
export interface WriteLimits {
  /** Samples and histograms together. */
  readonly samplesMax: number;
  /** Series entries, and (protocol 1) metadata entries. */
  readonly seriesMax: number;
  readonly exemplarsMax: number;
  /** Entries of the symbol table (protocol 2). */
  readonly symbolsMax: number;
  /** Labels per series. */
  readonly labelsMax: number;
  /** Bytes of one label name or one label value. */
  readonly labelBytesMax: number;
}

export const defaultWriteLimits: WriteLimits = {
  samplesMax: 500_000,
  seriesMax: 500_000,
  exemplarsMax: 500_000,
  symbolsMax: 1_000_000,
  labelsMax: 200,
  labelBytesMax: 16_384,
};

/** Of a record in the log: it may hold the requests of many senders. */
export const recordLimits: WriteLimits = {
  ...defaultWriteLimits,
  samplesMax: 5_000_000,
  seriesMax: 5_000_000,
  exemplarsMax: 5_000_000,
  symbolsMax: 10_000_000,
  labelsMax: 10_000,
};
