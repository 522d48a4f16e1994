import type { KubernetesEvent } from './event.ts';
import { countOf } from './json.ts';
import { boundsOf } from './times.ts';

/** What a shape found, before it is normalised: strings '' and times null where it says nothing. */
export interface Draft {
  cluster: string;
  verb: string;
  name: string;
  uid: string;
  kind: string;
  namespace: string;
  object: string;
  fieldPath: string;
  reason: string;
  type: string;
  message: string;
  component: string;
  host: string;
  first: number | null;
  last: number | null;
  eventTime: number | null;
  created: number | null;
  count: unknown;
  series: { count: unknown; last: number | null } | null;
}

export type Rejection = 'no_object' | 'no_reason' | 'no_time' | 'time_in_future';

/** Senders whose clock is ahead by more than this are refused, as samples are. */
const futureMs = 10 * 60_000;

/** One event from a draft, or why it is none. `receivedMs`: when the log or the router had it. */
export function finishEvent(draft: Draft, receivedMs: number | null): KubernetesEvent | Rejection {
  if (draft.kind === '' || draft.object === '') return 'no_object';
  if (draft.reason === '') return 'no_reason';
  const seriesLast = draft.series?.last ?? null;
  const bounds = boundsOf({ ...draft, seriesLast });
  if (bounds === null) return 'no_time';
  if (receivedMs !== null && bounds.end > receivedMs + futureMs) return 'time_in_future';
  const seriesCount = countOf(draft.series?.count);
  return {
    version: 1,
    cluster: draft.cluster === '' ? null : draft.cluster,
    verb: verbOf(draft.verb),
    name: draft.name,
    uid: draft.uid,
    kind: draft.kind,
    namespace: draft.namespace,
    object: draft.object,
    container: /^spec\.(?:init|ephemeral)?[cC]ontainers\{(.+)\}$/.exec(draft.fieldPath)?.[1] ?? '',
    reason: draft.reason,
    type: draft.type,
    // Some collectors escape line ends once more.
    message: draft.message.replaceAll('\\n', '\n'),
    component: draft.component,
    host: draft.host,
    first: draft.first,
    last: draft.last,
    eventTime: draft.eventTime,
    created: draft.created,
    start: bounds.start,
    end: bounds.end,
    count: Math.max(countOf(draft.count), seriesCount, 1),
    series: draft.series === null ? null : { count: seriesCount, last: seriesLast },
  };
}

function verbOf(verb: string): KubernetesEvent['verb'] {
  if (verb === 'UPDATED') return 'MODIFIED';
  return verb === 'ADDED' || verb === 'MODIFIED' || verb === 'DELETED' ? verb : null;
}
