import { newCounters, reject } from '../counters.ts';
import { type BodyLimits, bodyRecords } from './body-records.ts';
import {
  type AppendEvent,
  appendOwned,
  type OwnedEvent,
  type Refused,
  readOwnedEvents,
} from './owned-events.ts';

export interface ReceiverOptions extends BodyLimits {
  readonly now: () => number;
}

/** What became of the records of one body. */
export interface Received {
  readonly taken: number;
  /** Records that hold no Kubernetes event: platform logs beside them. */
  readonly others: number;
  /** By reason. */
  readonly rejected: ReadonlyMap<string, number>;
  /** Of the first rejections, for people. */
  readonly errors: readonly string[];
}

const errorsMax = 10;
/** Events that wait for the log at once. */
const pendingMax = 1_000;

/**
 * Takes Kubernetes events of every known shape: one JSON document, or JSON lines, as they arrive.
 * Good ones are kept whatever else is wrong.
 */
export class EventReceiver {
  readonly #append: AppendEvent;
  readonly #options: ReceiverOptions;
  readonly counters = newCounters();

  constructor(append: AppendEvent, options: ReceiverOptions) {
    this.#append = append;
    this.#options = options;
  }

  /**
   * `cluster`: of events that name none. Resolves when all good ones are durable; rejects with
   * `body_too_large`, or when the log takes nothing: then some may be durable.
   */
  async receive(
    tenant: string,
    cluster: string | undefined,
    body: AsyncIterable<Uint8Array>,
  ): Promise<Received> {
    const rejected = new Map<string, number>();
    const errors: string[] = [];
    const refuse = ({ reason, error }: Refused): void => {
      rejected.set(reason, (rejected.get(reason) ?? 0) + 1);
      reject(this.counters, reason);
      if (errors.length < errorsMax) errors.push(`${reason}: ${error}`);
    };
    const { now } = this.#options;
    const rule = { fields: [], cluster };
    let [taken, others] = [0, 0];
    let waiting: OwnedEvent[] = [];
    const flush = async (): Promise<void> => {
      const batch = waiting;
      waiting = [];
      const appended = await Promise.all(
        batch.map((owned) => appendOwned(this.#append, tenant, owned)),
      );
      const refused = appended.filter((one) => one !== undefined);
      for (const one of refused) refuse(one);
      taken += batch.length - refused.length;
      this.counters.events += batch.length - refused.length;
    };
    for await (const { bytes, bytesMax } of bodyRecords(body, this.#options)) {
      this.counters.records++;
      const found = readOwnedEvents(bytes, rule, { receivedMs: now(), bytesMax });
      if (found.events.length + found.refused.length === 0) others++;
      for (const one of found.refused) refuse(one);
      for (const owned of found.events) {
        waiting.push(owned);
        if (waiting.length >= pendingMax) await flush();
      }
    }
    await flush();
    this.counters.others += others;
    return { taken, others, rejected, errors };
  }
}
