import { defaultWriteLimits, type WriteLimits } from '../formats/remote-write/limits.ts';
import type { BodyEncoding } from '../formats/snappy/body-encoding.ts';
import { telemetryTopic } from '../log/topics.ts';

/** Every setting of the gateway; `gatewayOptions` fills in what is not given. */
export interface GatewayOptions {
  readonly topic: string;
  /** Labels that tell the cluster; the first present wins, else it is the credential's name. */
  readonly clusterLabels: readonly string[];
  /** Other spellings of clusters, by what senders write. */
  readonly aliases: Readonly<Record<string, string>>;
  /** Clusters that belong to one tenant, by name. */
  readonly tenants: Readonly<Record<string, string>>;
  /** Selectors: series that match any are kept (none: all), less those that match any of `drop`. */
  readonly keep: readonly string[];
  readonly drop: readonly string[];
  /** Compression of the records that we encode; only with snappy may a body pass as it came. */
  readonly encoding: BodyEncoding;

  /** One request: as it comes, and decompressed. 413 above. */
  readonly bodyBytesMax: number;
  readonly decodedBytesMax: number;
  /** One request: 400 above. */
  readonly writeLimits: WriteLimits;
  /** All requests together: 503 above. */
  readonly inFlightBytesMax: number;
  readonly inFlightRequestsMax: number;

  /** A request with fewer samples waits this long for others of its cluster. */
  readonly lingerMs: number;
  readonly mergeBelowSamples: number;
  /** One record, before compression. */
  readonly recordSamplesMax: number;
  readonly recordBytesMax: number;
  /** An append that takes longer is answered 503; shorter than the sender's own timeout. */
  readonly appendTimeoutMs: number;

  /** Known series of the intake, and their memory. */
  readonly knownSeriesMax: number;
  readonly knownSeriesBytesMax: number;
  /** Clusters remembered; the oldest is forgotten and learnt again. */
  readonly clustersMax: number;
  /** Metadata families remembered per credential. */
  readonly familiesMax: number;
  /** Metadata is written again after this time, changed or not. */
  readonly metadataRepeatMs: number;
  /** Two credentials that write to one cluster within this time clash. */
  readonly clashWindowMs: number;
  /** Bounds of Retry-After, in seconds. */
  readonly retryAfterSeconds: { readonly min: number; readonly max: number };
  /** Series told in the message of a 400. */
  readonly rejectionsMax: number;
  readonly messageBytesMax: number;
  /** The log's clock may differ from ours by this before `onClockSkew` is told. */
  readonly clockSkewMaxMs: number;
}

const defaults: GatewayOptions = {
  topic: telemetryTopic,
  clusterLabels: ['clusterID', 'cluster_id', 'cluster'],
  aliases: {},
  tenants: {},
  keep: [],
  drop: [],
  encoding: 'snappy',
  bodyBytesMax: 32 << 20,
  decodedBytesMax: 32 << 20,
  writeLimits: defaultWriteLimits,
  inFlightBytesMax: 128 << 20,
  inFlightRequestsMax: 4_096,
  lingerMs: 5,
  mergeBelowSamples: 256,
  recordSamplesMax: 10_000,
  recordBytesMax: 768 << 10,
  appendTimeoutMs: 20_000,
  knownSeriesMax: 4_000_000,
  knownSeriesBytesMax: 2 ** 30,
  clustersMax: 20_000,
  familiesMax: 20_000,
  metadataRepeatMs: 6 * 3_600_000,
  clashWindowMs: 600_000,
  retryAfterSeconds: { min: 1, max: 10 },
  rejectionsMax: 10,
  messageBytesMax: 4_096,
  clockSkewMaxMs: 2_000,
};

export function gatewayOptions(given: Partial<GatewayOptions> = {}): GatewayOptions {
  return { ...defaults, ...given };
}
