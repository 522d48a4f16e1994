import type { Note, ProcessorContext } from '../../engine/processor.ts';
import type { Table } from '../../engine/tables.ts';
import type { KubernetesEvent } from '../../formats/kubernetes-events/event.ts';
import type { EventsSettings } from './settings.ts';
import type { UnknownReason } from './state.ts';

/** Reasons that the catalogue does not know: kept, counted and listed. */
export class Unclassified {
  readonly #context: ProcessorContext<EventsSettings>;
  readonly #table: Table<UnknownReason>;
  /** Rows by tenant; derived, and counted anew when rows have changed. */
  #counts: ReadonlyMap<string, number> | undefined;

  constructor(context: ProcessorContext<EventsSettings>, table: Table<UnknownReason>) {
    this.#context = context;
    this.#table = table;
  }

  take(cluster: number, event: KubernetesEvent): void {
    this.#context.count('unclassified_reason');
    const key = unknownKey({ ...event, cluster });
    const known = this.#table.get(key);
    if (known) {
      known.last = Math.max(known.last, event.end);
      known.count++;
      known.message = event.message.slice(0, 200);
      return;
    }
    const isFull = this.#table.size >= this.#context.settings.unknown_reasons;
    if (isFull && !this.#makeRoom(this.#context.clusters.tenant(cluster))) {
      this.#context.count('unclassified_reasons_over_limit');
      return;
    }
    this.#counts = undefined;
    this.#table.set(key, {
      cluster,
      kind: event.kind,
      reason: event.reason,
      component: event.component,
      type: event.type,
      message: event.message.slice(0, 200),
      first: event.start,
      last: event.end,
      count: 1,
    });
  }

  /**
   * Drops the oldest row of the tenant that has the most, unless it has hardly more than this one.
   */
  #makeRoom(tenant: string): boolean {
    const counts = this.#countsByTenant();
    const [most, count] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), ['', 0]);
    if (count <= (counts.get(tenant) ?? 0) + 1) return false;
    const [oldest] = [...this.#table.entries()]
      .filter(([, row]) => this.#context.clusters.tenant(row.cluster) === most)
      .reduce((a, b) => (b[1].last < a[1].last ? b : a));
    this.#table.delete(oldest);
    this.#context.count('unclassified_reasons_dropped');
    return true;
  }

  #countsByTenant(): ReadonlyMap<string, number> {
    if (this.#counts) return this.#counts;
    const counts = new Map<string, number>();
    for (const { cluster } of this.#table.values()) {
      const tenant = this.#context.clusters.tenant(cluster);
      counts.set(tenant, (counts.get(tenant) ?? 0) + 1);
    }
    this.#counts = counts;
    return counts;
  }

  /** The most frequent first. */
  notes(): Note[] {
    return [...this.#table.values()]
      .sort((a, b) => b.count - a.count)
      .map(({ cluster, kind, reason, component, message, count, last }) => ({
        cluster,
        what: `no rule knows ${kind} ${reason} (${component}): ${message.slice(0, 100)}`,
        count,
        seen: last,
      }));
  }
}

/** Key of a row of the table. */
export const unknownKey = ({
  cluster,
  kind,
  reason,
  component,
}: Pick<UnknownReason, 'cluster' | 'kind' | 'reason' | 'component'>): string =>
  `${cluster}/${kind}/${reason}/${component}`;
