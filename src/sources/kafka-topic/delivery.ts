import type { SeastateError } from '../../core/errors.ts';
import { reject, type SourceCounters } from '../counters.ts';
import { type AppendEvent, appendAll } from '../kubernetes/owned-events.ts';
import { type AppendRejected, keepRejected } from '../rejected.ts';
import { pause } from '../supervised.ts';
import type { Made, MadeRequest, RecordReader, Unusable } from './made.ts';
import type { Placed } from './merge.ts';

/** What became of a request: as the gateway answers. */
export interface SourceAnswer {
  readonly outcome: 'written' | 'rejected' | 'too_large' | 'later';
  /** What was durable of it. */
  readonly written: { readonly samples: number; readonly histograms: number };
  readonly message?: string;
}

export interface DeliveryParts {
  /** Gives a request to the gateway in the name of the source; resolves when it is durable. */
  readonly write: (request: MadeRequest) => Promise<SourceAnswer>;
  readonly append: AppendEvent;
  /** Appends to the `rejected` topic. */
  readonly reject: AppendRejected;
  /** ms since the epoch. */
  readonly now: () => number;
}

export interface DeliveryOptions {
  readonly name: string;
  readonly topic: string;
  readonly tenant: string;
  readonly format: string;
  readonly rejectedBytesMax: number;
}

const retryMs = 500;

/** Brings records of a topic to the gateway, and tries for ever what it does not take now. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #parts: DeliveryParts;
  readonly #reader: RecordReader;
  readonly #counters: SourceCounters;
  readonly #signal: AbortSignal;

  constructor(
    options: DeliveryOptions,
    parts: DeliveryParts,
    reader: RecordReader,
    counters: SourceCounters,
    signal: AbortSignal,
  ) {
    this.#options = options;
    this.#parts = parts;
    this.#reader = reader;
    this.#counters = counters;
    this.#signal = signal;
  }

  /** True when all of it is durable; false where the source was closed before. */
  async deliver(batch: readonly Placed[]): Promise<boolean> {
    const made = this.#reader.read(batch);
    const unusable = [...made.unusable];
    this.#counters.records += batch.length;
    this.#counters.others += made.others;
    if (!(await this.#requests(batch, made, unusable))) return false;
    const { append } = this.#parts;
    const parts = { append, tenant: this.#options.tenant, signal: this.#signal };
    const lost = await appendAll(made.events, { ...parts, counters: this.#counters });
    if (lost === undefined) return false;
    for (const { item, refused } of lost) unusable.push({ placed: item.placed, ...refused });
    return await this.#reject(unusable);
  }

  /** Where the gateway refuses something, halves are tried, to find the records that it is of. */
  async #requests(
    batch: readonly Placed[],
    { requests }: Made,
    unusable: Unusable[],
  ): Promise<boolean> {
    let refusal: string | undefined;
    for (const request of requests) {
      const answer = await this.#write(request);
      if (answer === undefined) return false;
      this.#counters.requests++;
      this.#counters.samples += answer.written.samples + answer.written.histograms;
      if (answer.outcome === 'written') continue;
      const error = answer.message ?? answer.outcome;
      if (request.placed) unusable.push({ placed: request.placed, reason: 'refused', error });
      else refusal = error;
    }
    if (refusal === undefined) return true;
    if (batch.length === 1) {
      unusable.push({ placed: batch[0]!, reason: 'refused', error: refusal });
      return true;
    }
    const middle = batch.length >> 1;
    for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
      if (!(await this.#requests(half, this.#reader.read(half), unusable))) return false;
    }
    return true;
  }

  async #write(request: MadeRequest): Promise<SourceAnswer | undefined> {
    for (;;) {
      const answer = await this.#parts.write(request);
      if (answer.outcome !== 'later') return answer;
      if (!(await this.#again())) return undefined;
    }
  }

  async #reject(unusable: readonly Unusable[]): Promise<boolean> {
    for (const { reason } of unusable) reject(this.#counters, reason);
    // One for each record of the topic, whatever the number of things that are wrong in it.
    const records = [...Map.groupBy(unusable, ({ placed }) => placed)];
    for (let at = 0; at < records.length; ) {
      try {
        const some = records.slice(at, at + rejectedAtOnce);
        await Promise.all(some.map(([placed, all]) => this.#keep(placed, all)));
        at += rejectedAtOnce;
      } catch (error) {
        if ((error as SeastateError).retry !== 'later') throw error;
        if (!(await this.#again())) return false;
      }
    }
    return true;
  }

  async #keep({ partition, record }: Placed, all: readonly Unusable[]): Promise<void> {
    const { topic, format, name, tenant, rejectedBytesMax } = this.#options;
    const error = all.map((one) => one.error).join('; ');
    const place = { source: `kafka/${name}`, topic, partition, format };
    const why = { ...place, reason: all[0]!.reason, error };
    await keepRejected({ ...this.#parts, tenant, bytesMax: rejectedBytesMax }, why, record);
  }

  /** False when the source is closed. */
  async #again(): Promise<boolean> {
    this.#counters.retries++;
    await pause(retryMs, this.#signal);
    return !this.#signal.aborted;
  }
}

const rejectedAtOnce = 50;
