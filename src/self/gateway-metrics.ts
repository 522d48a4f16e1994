import { type GatewayCounters, latencyBounds, type TenantCounters } from '../gateway/counters.ts';
import { counter, type Family, gauge, type HistogramFamily, type Tell } from './registry.ts';

export interface GatewayNumbers {
  readonly gateway: {
    readonly counters: GatewayCounters;
    readonly clusters: { readonly count: number };
    readonly knownSeries: { readonly count: number; readonly bytes: number };
    readonly notReady: readonly string[];
  };
}

const eachTenant =
  (read: (tenant: TenantCounters) => number) =>
  ({ gateway }: GatewayNumbers, tell: Tell): void => {
    for (const [tenant, counters] of gateway.counters.tenants) tell(read(counters), { tenant });
  };

const eachReason =
  (read: (tenant: TenantCounters) => ReadonlyMap<string, number>) =>
  ({ gateway }: GatewayNumbers, tell: Tell): void => {
    for (const [tenant, counters] of gateway.counters.tenants) {
      for (const [reason, count] of read(counters)) tell(count, { tenant, reason });
    }
  };

const ofGateway =
  (read: (counters: GatewayCounters) => number) =>
  ({ gateway }: GatewayNumbers, tell: Tell): void =>
    tell(read(gateway.counters));

const requests = ({ gateway }: GatewayNumbers, tell: Tell): void => {
  for (const [tenant, { requestsV1, requestsV2 }] of gateway.counters.tenants) {
    tell(requestsV1, { tenant, protocol: '1.0' });
    tell(requestsV2, { tenant, protocol: '2.0' });
  }
};

/** Of what is taken, refused and written. */
export const gatewayFamilies: readonly Family<GatewayNumbers>[] = [
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
];

export const gatewayHistograms: readonly HistogramFamily<GatewayNumbers>[] = [
  {
    name: 'seastate_gateway_append_duration_seconds',
    help: 'From append to durable.',
    bounds: latencyBounds,
    read: ({ gateway }) => gateway.counters.appendLatency,
  },
];
