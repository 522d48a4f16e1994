import type { RejectionReason } from '../formats/remote-write/intake.ts';

/** Why a whole request was refused, for ever (4xx) or for now (503). */
export type RefusalReason =
  | 'body_too_large'
  | 'body_not_snappy'
  | 'body_malformed'
  | 'limit_exceeded'
  | 'record_too_large'
  | LaterReason;

export type LaterReason =
  | 'starting'
  | 'stopping'
  | 'in_flight_bytes'
  | 'in_flight_requests'
  | 'log_full'
  | 'log_unavailable'
  | 'append_timeout';

/** What a tenant sent and what became of it, since the start. */
export interface TenantCounters {
  requestsV1: number;
  requestsV2: number;
  /** Requests that said they were retries (`Retry-Attempt`). */
  retries: number;
  /** As they came, compressed. */
  bodyBytes: number;
  decodedBytes: number;
  /** Durable. */
  samples: number;
  histograms: number;
  exemplars: number;
  metadata: number;
  /** Left out on purpose by keep and drop. */
  filteredSamples: number;
  filteredSeries: number;
  rejectedSamples: number;
  /** Series entries by reason. */
  readonly rejectedSeries: Map<RejectionReason, number>;
  /** Requests by reason. */
  readonly refused: Map<RefusalReason, number>;
}

const newTenant = (): TenantCounters => ({
  requestsV1: 0,
  requestsV2: 0,
  retries: 0,
  bodyBytes: 0,
  decodedBytes: 0,
  samples: 0,
  histograms: 0,
  exemplars: 0,
  metadata: 0,
  filteredSamples: 0,
  filteredSeries: 0,
  rejectedSamples: 0,
  rejectedSeries: new Map(),
  refused: new Map(),
});

/** Upper bounds of the buckets of append latency, in seconds; one more bucket is above all. */
export const latencyBounds: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** A histogram as plain numbers. `buckets[i]` counts values in bucket i alone. */
export class LatencyHistogram {
  readonly buckets: Float64Array = new Float64Array(latencyBounds.length + 1);
  sum = 0;
  count = 0;

  observe(seconds: number): void {
    let bucket = 0;
    while (bucket < latencyBounds.length && seconds > latencyBounds[bucket]!) bucket++;
    this.buckets[bucket]!++;
    this.sum += seconds;
    this.count++;
  }
}

/** Tenants counted by name; the others together as `(others)`. */
const tenantsMax = 1_000;

/** Everything that the gateway counts, as plain numbers that a reader may look at at any time. */
export class GatewayCounters {
  readonly tenants = new Map<string, TenantCounters>();
  /** From append to durable, of each append. */
  readonly appendLatency = new LatencyHistogram();
  appendErrors = 0;
  recordsPassedThrough = 0;
  recordsEncoded = 0;
  /** Bytes of values appended, as they stand in the log. */
  recordBytes = 0;
  heartbeats = 0;
  metadataRecords = 0;
  /** Metadata entries that were not kept: too many families, or too long a name. */
  metadataOverLimit = 0;
  /** Requests that wrote to a cluster which another credential was writing to. */
  identityClashes = 0;
  /** The log's clock less ours at the last look, in ms. */
  clockSkewMs = 0;

  tenant(name: string): TenantCounters {
    const known = this.tenants.get(name);
    if (known) return known;
    const key = this.tenants.size < tenantsMax ? name : '(others)';
    const counters = this.tenants.get(key) ?? newTenant();
    this.tenants.set(key, counters);
    return counters;
  }
}

export function increment<K>(counts: Map<K, number>, key: K, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
