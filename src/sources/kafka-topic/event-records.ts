import { type ClusterRule, readOwnedEvents } from '../kubernetes/owned-events.ts';
import type { Made, MadeEvent, RecordReader, Unusable } from './made.ts';
import type { Placed } from './merge.ts';

export interface EventRecordsOptions {
  readonly rule: ClusterRule;
  /** One record. */
  readonly bytesMax: number;
  /** ms since the epoch. */
  readonly now: () => number;
}

/** Kubernetes events of any known shape, with platform logs around them. */
export class EventRecordReader implements RecordReader {
  readonly #options: EventRecordsOptions;

  constructor(options: EventRecordsOptions) {
    this.#options = options;
  }

  read(records: readonly Placed[]): Made {
    const { rule, bytesMax, now } = this.#options;
    const options = { receivedMs: now(), bytesMax };
    const events: MadeEvent[] = [];
    const unusable: Unusable[] = [];
    let others = 0;
    for (const placed of records) {
      const { value } = placed.record;
      const found = value === null ? undefined : readOwnedEvents(value, rule, options);
      if (!found || found.events.length + found.refused.length === 0) others++;
      else {
        for (const owned of found.events) events.push({ placed, owned });
        for (const refused of found.refused) unusable.push({ placed, ...refused });
      }
    }
    return { requests: [], events, unusable, others };
  }
}
