import type { KubernetesEvent } from '../../formats/kubernetes-events/event.ts';
import { type RejectReason, readKubernetesEvents } from '../../formats/kubernetes-events/read.ts';

/** Where events go: durable when it resolves. */
export type AppendEvent = (
  owner: { readonly tenant: string; readonly cluster: string },
  event: KubernetesEvent,
) => Promise<void>;

export interface ReceiverOptions {
  /** One record (a line, or a whole JSON document). */
  readonly recordBytesMax: number;
  readonly now: () => number;
}

/** What became of the records of one body. */
export interface Received {
  readonly taken: number;
  /** Records that hold no Kubernetes event: platform logs beside them. */
  readonly others: number;
  /** By reason. */
  readonly rejected: ReadonlyMap<Refusal, number>;
  /** Of the first rejections, for people. */
  readonly errors: readonly string[];
}

export type Refusal = RejectReason | 'no_cluster';

const errorsMax = 10;

/**
 * Takes Kubernetes events of every known shape: one JSON document, or JSON lines. Good ones are
 * kept whatever else is wrong; an event whose cluster nobody names is refused.
 */
export class EventReceiver {
  readonly #append: AppendEvent;
  readonly #options: ReceiverOptions;
  /** Since the start, by reason. */
  readonly rejected = new Map<Refusal, number>();
  taken = 0;

  constructor(append: AppendEvent, options: ReceiverOptions) {
    this.#append = append;
    this.#options = options;
  }

  /** `cluster`: of events that name none. Resolves when all good ones are durable. */
  async receive(tenant: string, cluster: string | undefined, body: Uint8Array): Promise<Received> {
    const rejected = new Map<Refusal, number>();
    const errors: string[] = [];
    const refuse = (reason: Refusal, error: string): void => {
      rejected.set(reason, (rejected.get(reason) ?? 0) + 1);
      this.rejected.set(reason, (this.rejected.get(reason) ?? 0) + 1);
      if (errors.length < errorsMax) errors.push(`${reason}: ${error}`);
    };
    const appended: Promise<void>[] = [];
    let others = 0;
    for (const record of recordsOf(body)) {
      const found = readKubernetesEvents(record, {
        receivedMs: this.#options.now(),
        bytesMax: this.#options.recordBytesMax,
      });
      if (found.events.length + found.rejected.length === 0) others++;
      for (const { reason, error } of found.rejected) refuse(reason, error);
      for (const event of found.events) {
        const owner = event.cluster ?? cluster;
        if (owner === undefined) refuse('no_cluster', `event "${event.name}" names no cluster`);
        else appended.push(this.#append({ tenant, cluster: owner }, event));
      }
    }
    await Promise.all(appended);
    this.taken += appended.length;
    return { taken: appended.length, others, rejected, errors };
  }
}

const lineFeed = 0x0a;
const openBrace = 0x7b;

/** Lines where each begins with a brace; else the whole body is one document. */
function* recordsOf(body: Uint8Array): Generator<Uint8Array> {
  const first = body.indexOf(lineFeed);
  const next = first < 0 ? -1 : body.findIndex((byte, i) => i > first && byte > 0x20);
  if (next < 0 || body[next] !== openBrace) {
    yield body;
    return;
  }
  for (let start = 0; start < body.length; ) {
    const feed = body.indexOf(lineFeed, start);
    const end = feed < 0 ? body.length : feed;
    if (end > start) yield body.subarray(start, end);
    start = end + 1;
  }
}
