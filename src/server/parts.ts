import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Matcher } from '../core/matchers.ts';
import type { Owner } from '../gateway/records.ts';
import type { FeedbackValue } from '../log/feedback.ts';
import type { Received } from '../sources/kubernetes/receiver.ts';
import type { LiveHub } from './live-hub.ts';

/** `pending` and `firing` are open alerts by their `alertstate`; `resolved` ones have ended. */
export type AlertState = 'pending' | 'firing' | 'resolved';

/** State of an anomaly or event. */
export type IntervalState = 'open' | 'closed';

/** What `GET /api/v1/alerts`, `anomalies` and `events` ask for. */
export interface IntervalsQuery<State> {
  /** Only this tenant's; all when undefined. */
  readonly tenant: string | undefined;
  readonly states: readonly State[];
  /** Only these; all when undefined. */
  readonly subjects?: readonly string[];
  /** Any of these clusters, by id or title; all when empty. */
  readonly clusters: readonly string[];
  /** Any of these selectors; all when empty. */
  readonly selectors: readonly (readonly Matcher[])[];
  /** Intervals whose time overlaps [fromMs, toMs]. */
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
  readonly limit: number;
}
export type AlertsQuery = IntervalsQuery<AlertState>;

/** Remote write of a sender that is known. */
export interface WriteRoute {
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    sender: { readonly name: string; readonly tenant: string },
  ): Promise<void>;
}

/** Everything that the routes need of the rest of the program, as functions. */
export interface ServerParts {
  /** Absent where this process takes no samples. */
  readonly write?: WriteRoute;
  /** Kubernetes events in any known shape; absent where this process takes none. */
  readonly receiveEvents?: (
    tenant: string,
    cluster: string | undefined,
    body: AsyncIterable<Uint8Array>,
  ) => Promise<Received>;
  /** Writes a mark into the log; absent where this process takes none. */
  readonly feedback?: (owner: Owner, value: FeedbackValue) => Promise<void>;
  /** What is not ready, in words; empty when serving. */
  readonly notReady: () => readonly string[];
  /** Reads the configuration again; rejects when it is not good, and the last good one stays. */
  readonly reload: () => Promise<void>;
  /** Our own metrics, as the Accept header asks. */
  readonly metrics: (accept: string) => Promise<{ contentType: string; body: string }>;
  /** JSON objects of the `alerts` topic's shape, newest first. */
  readonly alerts: (query: AlertsQuery) => Promise<readonly object[]>;
  /** Data of anomalies or events with `subject` and `revision`, the latest start first. */
  readonly intervals: (
    topic: 'anomalies' | 'events',
    query: IntervalsQuery<IntervalState>,
  ) => Promise<readonly object[]>;
  /** What runs and how it goes; of one tenant where given. */
  readonly status: (tenant: string | undefined) => Promise<object>;
  readonly buildInfo: Readonly<Record<string, string>>;
  readonly live: LiveHub;
  /** ms since the epoch. */
  readonly now: () => number;
  readonly warn: (fields: object, message: string) => void;
}
