import type { Note, ProcessorContext } from '../../engine/processor.ts';
import type { Table } from '../../engine/tables.ts';
import type { KubernetesEvent } from '../../formats/kubernetes-events/event.ts';
import type { EventsSettings } from './settings.ts';
import type { UnknownReason } from './state.ts';

/** Reasons that the catalogue does not know: kept, counted and listed. */
export class Unclassified {
  readonly #context: ProcessorContext<EventsSettings>;
  readonly #table: Table<UnknownReason>;

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
    if (this.#table.size >= this.#context.settings.unknown_reasons) {
      this.#context.count('unclassified_reasons_over_limit');
      return;
    }
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
