import { SeastateError } from '../../core/errors.ts';
import type { KubernetesEvent } from '../../formats/kubernetes-events/event.ts';
import {
  type ReadOptions,
  type RejectReason,
  readKubernetesEvents,
} from '../../formats/kubernetes-events/read.ts';

import type { SourceCounters } from '../counters.ts';
import { pause } from '../supervised.ts';

/** Where events go: durable when it resolves; rejects as `Gateway.append` does. */
export type AppendEvent = (
  owner: { readonly tenant: string; readonly cluster: string },
  event: KubernetesEvent,
) => Promise<void>;

/** Which cluster an event belongs to that names none itself. */
export interface ClusterRule {
  /** Members of the record, such as `openshift.labels.site`; the first present wins. */
  readonly fields: readonly string[];
  /** Else this one; undefined: it is refused. */
  readonly cluster: string | undefined;
}

export type Refusal = RejectReason | 'no_cluster' | 'other_tenant' | 'record_too_large';

export interface Refused {
  readonly reason: Refusal;
  /** For people. */
  readonly error: string;
}

/** An event and the cluster that it is of. */
export interface OwnedEvent {
  readonly cluster: string;
  readonly event: KubernetesEvent;
}

/** What one record holds. Nothing at all: it is no Kubernetes event. */
export interface OwnedEvents {
  readonly events: readonly OwnedEvent[];
  readonly refused: readonly Refused[];
}

const nothing: OwnedEvents = { events: [], refused: [] };

/** The Kubernetes events of a record of any known shape, each with its cluster. Never throws. */
export function readOwnedEvents(
  record: Uint8Array,
  rule: ClusterRule,
  options: ReadOptions,
): OwnedEvents {
  const found = readKubernetesEvents(record, options);
  if (found.events.length + found.rejected.length === 0) return nothing;
  const events: OwnedEvent[] = [];
  const refused: Refused[] = [...found.rejected];
  let mapped: string | undefined | null = null;
  for (const event of found.events) {
    if (event.cluster === null && mapped === null) mapped = mappedCluster(record, rule);
    const cluster = event.cluster ?? mapped ?? undefined;
    if (cluster !== undefined) events.push({ cluster, event });
    else refused.push({ reason: 'no_cluster', error: `event "${event.name}" names no cluster` });
  }
  return { events, refused };
}

function mappedCluster(record: Uint8Array, { fields, cluster }: ClusterRule): string | undefined {
  if (fields.length === 0) return cluster;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(record).toString());
  } catch {
    return cluster;
  }
  for (const field of fields) {
    const found = memberOf(value, field);
    if (typeof found === 'string' && found !== '') return found;
  }
  return cluster;
}

/** The member that a path such as `a.b.c` leads to; a name may have dots itself. */
function memberOf(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const members = value as Record<string, unknown>;
  if (Object.hasOwn(members, path)) return members[path];
  for (let dot = path.indexOf('.'); dot > 0; dot = path.indexOf('.', dot + 1)) {
    const name = path.slice(0, dot);
    if (!Object.hasOwn(members, name)) continue;
    const found = memberOf(members[name], path.slice(dot + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Errors of an append that no repeat mends. */
const refusals: ReadonlySet<string> = new Set(['other_tenant', 'record_too_large']);

/** Appends an event; resolves to why it never will be, or rejects with what may pass. */
export async function appendOwned(
  append: AppendEvent,
  tenant: string,
  { cluster, event }: OwnedEvent,
): Promise<Refused | undefined> {
  try {
    await append({ tenant, cluster }, event);
    return undefined;
  } catch (error) {
    if (!(error instanceof SeastateError) || !refusals.has(error.code)) throw error;
    return { reason: error.code as Refusal, error: `event "${event.name}": ${error.message}` };
  }
}

export interface AppendParts {
  readonly append: AppendEvent;
  readonly tenant: string;
  readonly counters: SourceCounters;
  readonly signal: AbortSignal;
}

/** Events that wait for the log at once. */
const pendingMax = 1_000;
const retryMs = 500;

/**
 * Appends events and tries for ever what the log does not take now. Returns what never will be
 * taken; undefined where the signal aborted before the end.
 */
export async function appendAll<T extends { readonly owned: OwnedEvent }>(
  items: readonly T[],
  { append, tenant, counters, signal }: AppendParts,
): Promise<{ item: T; refused: Refused }[] | undefined> {
  const lost: { item: T; refused: Refused }[] = [];
  for (let left = [...items]; left.length > 0; ) {
    const now = left.splice(0, pendingMax);
    const tried = now.map(({ owned }) => appendOwned(append, tenant, owned));
    const results = await Promise.allSettled(tried);
    const again: T[] = [];
    for (const [i, result] of results.entries()) {
      const item = now[i]!;
      if (result.status === 'fulfilled') {
        if (result.value) lost.push({ item, refused: result.value });
        else counters.events++;
      } else if ((result.reason as SeastateError).retry === 'later') again.push(item);
      else throw result.reason;
    }
    if (again.length === 0) continue;
    left = [...again, ...left];
    counters.retries++;
    await pause(retryMs, signal);
    if (signal.aborted) return undefined;
  }
  return lost;
}
