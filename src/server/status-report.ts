import { defaultedText } from '../engine/defaulted.ts';
import type { FeedStatus } from '../engine/runtime/embedded/feed.ts';
import type { StatusData } from '../engine/status-schema.ts';
import { unmatchedIn, unmatchedText } from '../engine/unmatched.ts';
import type { GatewayCounters } from '../gateway/counters.ts';
import type { SourceStatus } from '../sources/supervised.ts';

export interface StatusInput {
  /** Only what belongs to this tenant; all when undefined. */
  readonly tenant: string | undefined;
  readonly version: string;
  readonly startedMs: number;
  readonly nowMs: number;
  readonly counters: GatewayCounters;
  /** Empty where another process runs the stages. */
  readonly feeds: readonly FeedStatus[];
  /** Offset of the next record, by partition of `telemetry`. */
  readonly heads: readonly number[];
  readonly stages: readonly StatusData[];
  readonly sources: readonly SourceStatus[];
  /** Where a processor's selector stands. */
  readonly placesOf: (processor: string, selector: string) => readonly string[];
}

/** What `GET /api/v1/status` and `seastate status` tell: plain facts, then one list per kind. */
export function statusReport(input: StatusInput): object {
  const mine = <T extends { readonly tenant: string }>(list: readonly T[]): T[] =>
    list.filter(({ tenant }) => input.tenant === undefined || tenant === input.tenant);
  const tenants = [...input.counters.tenants].map(([tenant, counters]) => ({
    tenant,
    requests: counters.requestsV1 + counters.requestsV2,
    samples: counters.samples,
    rejected_samples: counters.rejectedSamples,
    filtered_samples: counters.filteredSamples,
    refused_requests: [...counters.refused.values()].reduce((sum, n) => sum + n, 0),
  }));
  return {
    version: input.version,
    uptime_seconds: Math.round((input.nowMs - input.startedMs) / 1000),
    series: input.stages.reduce((sum, { series }) => sum + series, 0),
    identity_clashes: input.counters.identityClashes,
    clock_skew_ms: input.counters.clockSkewMs,
    tenants: mine(tenants),
    partitions: input.feeds.map((feed) => ({
      partition: feed.partition,
      state: feed.state,
      lag_records: Math.max(0, (input.heads[feed.partition] ?? 0) - feed.next),
      error: feed.error,
    })),
    sources: mine(input.sources).map(({ source, tenant, state, lag, error, counters }) => ({
      ...{ source, tenant, state, lag_records: lag, error },
      ...{ records: counters.records, samples: counters.samples, events: counters.events },
      rejected: Object.fromEntries(counters.rejected),
      lost_records: counters.lost,
    })),
    clusters: mine(input.stages.flatMap(({ clusters }) => clusters)),
    senders: mine(input.stages.flatMap(({ senders }) => senders)).map((sender) => ({
      ...sender,
      silent_seconds: Math.max(0, Math.round((input.nowMs - sender.seen) / 1000)),
    })),
    notes: mine(input.stages.flatMap(({ notes }) => notes)),
    defaulted: [...new Set(input.stages.flatMap(({ defaulted }) => defaulted ?? []))].map(
      (processor) => ({ processor, what: defaultedText(processor) }),
    ),
    // Whether others have a series is none of a tenant's business.
    unmatched: (input.tenant === undefined ? unmatchedIn(input.stages) : []).map((one) => ({
      processor: one.processor,
      what: unmatchedText(one),
      where: input.placesOf(one.processor, one.selector).join(', '),
    })),
  };
}
