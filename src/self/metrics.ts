import type { FeedStatus } from '../engine/runtime/embedded/feed.ts';
import type { GatewayCounters, TenantCounters } from '../gateway/counters.ts';
import { latencyBounds } from '../gateway/counters.ts';
import type { JournalStats } from '../log/journal/stats.ts';
import type { SinkStatus } from '../sinks/prometheus/sink.ts';
import { buildInfo } from './build.ts';
import { type Family, type HistogramFamily, MetricPages, type Tell } from './registry.ts';
import { sinkFamilies } from './sink-metrics.ts';
import { type SourceNumbers, sourceFamilies } from './source-metrics.ts';
import { type StageNumbers, stageFamilies } from './stage-metrics.ts';

/** Where the numbers stand: the parts themselves. */
export interface MetricSources extends SourceNumbers, StageNumbers {
  readonly gateway: {
    readonly counters: GatewayCounters;
    readonly clusters: { readonly count: number };
    readonly knownSeries: { readonly count: number; readonly bytes: number };
    readonly notReady: readonly string[];
  };
  readonly log: {
    /** By name; empty where the log is no journal. */
    journalStats(): Readonly<Record<string, JournalStats>>;
  };
  /** Absent where another process runs the stages. */
  readonly runtime: { status(): readonly FeedStatus[] } | undefined;
  readonly live: { readonly clients: number; readonly dropped: number };
  /** What sends findings on. */
  readonly sinks: readonly { status(): SinkStatus }[];
  readonly reloads: ReloadState;
}

/** Of the configuration: kept by whoever reloads it. */
export interface ReloadState {
  lastSuccessful: boolean;
  /** Seconds since the epoch. */
  lastSuccessSeconds: number;
}

type SourceFamily = Family<MetricSources>;

const eachTenant =
  (read: (tenant: TenantCounters) => number) =>
  ({ gateway }: MetricSources, tell: Tell): void => {
    for (const [tenant, counters] of gateway.counters.tenants) tell(read(counters), { tenant });
  };

const eachReason =
  (read: (tenant: TenantCounters) => ReadonlyMap<string, number>) =>
  ({ gateway }: MetricSources, tell: Tell): void => {
    for (const [tenant, counters] of gateway.counters.tenants) {
      for (const [reason, count] of read(counters)) tell(count, { tenant, reason });
    }
  };

const eachJournal =
  (read: (stats: JournalStats) => number) =>
  ({ log }: MetricSources, tell: Tell): void => {
    for (const [journal, stats] of Object.entries(log.journalStats())) {
      tell(read(stats), { journal });
    }
  };

const eachFeed =
  (read: (feed: FeedStatus) => number) =>
  ({ runtime }: MetricSources, tell: Tell): void => {
    for (const feed of runtime?.status() ?? []) tell(read(feed), { partition: feed.partition });
  };

const ofGateway =
  (read: (counters: GatewayCounters) => number) =>
  ({ gateway }: MetricSources, tell: Tell): void =>
    tell(read(gateway.counters));

const requests = ({ gateway }: MetricSources, tell: Tell): void => {
  for (const [tenant, { requestsV1, requestsV2 }] of gateway.counters.tenants) {
    tell(requestsV1, { tenant, protocol: '1.0' });
    tell(requestsV2, { tenant, protocol: '2.0' });
  }
};

const counter = (name: string, help: string, read: SourceFamily['read']): SourceFamily => ({
  name: `seastate_${name}_total`,
  type: 'counter',
  help,
  read,
});
const gauge = (name: string, help: string, read: SourceFamily['read']): SourceFamily => ({
  name: `seastate_${name}`,
  type: 'gauge',
  help,
  read,
});

/** Every metric of our own; docs/reference/metrics.md is made of this list. */
export const families: readonly SourceFamily[] = [
  gauge('build_info', 'What runs; always 1.', (_, tell) => tell(1, buildInfo)),
  gauge('ready', '1 when writes are taken.', ({ gateway }, tell) =>
    tell(gateway.notReady.length === 0 ? 1 : 0),
  ),
  gauge('config_last_reload_successful', '1 when the last reload was good.', (s, tell) =>
    tell(s.reloads.lastSuccessful ? 1 : 0),
  ),
  gauge(
    'config_last_reload_success_timestamp_seconds',
    'When the configuration in force was read.',
    (s, tell) => tell(s.reloads.lastSuccessSeconds),
  ),

  counter('gateway_requests', 'Remote write requests by protocol.', requests),
  counter(
    'gateway_retried_requests',
    'Requests that said that they are retries.',
    eachTenant((t) => t.retries),
  ),
  counter(
    'gateway_received_bytes',
    'Bodies of requests as they came, compressed.',
    eachTenant((t) => t.bodyBytes),
  ),
  counter(
    'gateway_decoded_bytes',
    'Bodies of requests, decompressed.',
    eachTenant((t) => t.decodedBytes),
  ),
  counter(
    'gateway_samples',
    'Samples that are durable.',
    eachTenant((t) => t.samples),
  ),
  counter(
    'gateway_histograms',
    'Native histogram samples that are durable.',
    eachTenant((t) => t.histograms),
  ),
  counter(
    'gateway_exemplars',
    'Exemplars that are durable.',
    eachTenant((t) => t.exemplars),
  ),
  counter(
    'gateway_metadata',
    'Metadata entries that are durable.',
    eachTenant((t) => t.metadata),
  ),
  counter(
    'gateway_filtered_samples',
    'Samples left out on purpose by keep and drop.',
    eachTenant((t) => t.filteredSamples),
  ),
  counter(
    'gateway_rejected_samples',
    'Samples of series that were refused for ever (400).',
    eachTenant((t) => t.rejectedSamples),
  ),
  counter(
    'gateway_rejected_series',
    'Series entries that were refused for ever (400), by reason.',
    eachReason((t) => t.rejectedSeries),
  ),
  counter(
    'gateway_refused_requests',
    'Requests that were refused as a whole (4xx, 503), by reason.',
    eachReason((t) => t.refused),
  ),
  counter(
    'gateway_append_errors',
    'Appends that failed.',
    ofGateway((c) => c.appendErrors),
  ),
  counter(
    'gateway_records_passed_through',
    'Records that are the bytes of a request as they came.',
    ofGateway((c) => c.recordsPassedThrough),
  ),
  counter(
    'gateway_records_encoded',
    'Records that were encoded anew: merged or changed requests.',
    ofGateway((c) => c.recordsEncoded),
  ),
  counter(
    'gateway_record_bytes',
    'Values of records.',
    ofGateway((c) => c.recordBytes),
  ),
  counter(
    'gateway_heartbeats',
    'Heartbeat records.',
    ofGateway((c) => c.heartbeats),
  ),
  counter(
    'gateway_metadata_over_limit',
    'Metadata entries that were not kept: too many families, or too long a name.',
    ofGateway((c) => c.metadataOverLimit),
  ),
  counter(
    'gateway_identity_clashes',
    'Requests for a cluster that another credential was writing to.',
    ofGateway((c) => c.identityClashes),
  ),
  gauge(
    'gateway_clock_skew_seconds',
    "The log's clock less ours.",
    ofGateway((c) => c.clockSkewMs / 1000),
  ),
  gauge('gateway_clusters', 'Clusters that are remembered.', ({ gateway }, tell) =>
    tell(gateway.clusters.count),
  ),
  gauge('gateway_known_series', 'Series that the decoder remembers.', ({ gateway }, tell) =>
    tell(gateway.knownSeries.count),
  ),
  gauge('gateway_known_series_bytes', 'Memory for them.', ({ gateway }, tell) =>
    tell(gateway.knownSeries.bytes),
  ),

  ...sourceFamilies,

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
  ...stageFamilies,

  gauge('live_clients', 'Clients of the live stream.', ({ live }, tell) => tell(live.clients)),
  counter(
    'live_dropped_clients',
    'Clients that were cut off because they did not read.',
    ({ live }, tell) => tell(live.dropped),
  ),
  ...sinkFamilies,
];

export const histograms: readonly HistogramFamily<MetricSources>[] = [
  {
    name: 'seastate_gateway_append_duration_seconds',
    help: 'From append to durable.',
    bounds: latencyBounds,
    read: ({ gateway }) => gateway.counters.appendLatency,
  },
];

/** Our own metrics, as `/metrics` shows them. */
export class OwnMetrics {
  readonly reloads: ReloadState;
  readonly #pages = new MetricPages();

  /** `startedMs`: when the first configuration was read. */
  constructor(sources: Omit<MetricSources, 'reloads'>, startedMs: number = Date.now()) {
    this.reloads = { lastSuccessful: true, lastSuccessSeconds: startedMs / 1000 };
    const all = { ...sources, reloads: this.reloads };
    for (const family of families) this.#pages.add(all, family);
    for (const family of histograms) this.#pages.addHistogram(all, family);
  }

  /** As the Accept header asks: OpenMetrics, or the older text. */
  render(accept: string): Promise<{ contentType: string; body: string }> {
    return this.#pages.render(accept);
  }
}
