import type { Intake, IntakeResult } from '../formats/remote-write/intake.ts';
import { RequestEncoder } from '../formats/remote-write/request-encoder.ts';
import { type BodyEncoding, encodeBody } from '../formats/snappy/body-encoding.ts';
import type { Headers } from '../log/log.ts';
import type { Appender } from './appender.ts';
import type { GatewayCounters } from './counters.ts';

/** Entries of one cluster that become one record. */
export interface Batch {
  readonly encoder: RequestEncoder;
  readonly durable: PromiseWithResolvers<void>;
  /** The request that added to it last. */
  request: number;
}

/** Whose entries become records: where those go, and what waits for them. */
export interface BatchOwner {
  readonly partition: number;
  readonly headers: Headers;
  batch: Batch | undefined;
}

export interface BatchOptions {
  readonly encoding: BodyEncoding;
  readonly lingerMs: number;
  readonly mergeBelowSamples: number;
  readonly recordSamplesMax: number;
  readonly recordBytesMax: number;
}

/** Of one sample in a request, about. */
const sampleBytes = 18;
/** Encoders that are kept for reuse. */
const spareEncodersMax = 64;

/**
 * Entries of small or mixed requests become records of one cluster each. A request that is large
 * by itself becomes a record at once; a small one waits up to the linger for others of its
 * cluster.
 */
export class Batches {
  readonly #options: BatchOptions;
  readonly #intake: Intake;
  readonly #appender: Appender;
  readonly #counters: GatewayCounters;
  readonly #open = new Set<BatchOwner>();
  readonly #spare: RequestEncoder[] = [];
  #request = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    options: BatchOptions,
    parts: { intake: Intake; appender: Appender; counters: GatewayCounters },
  ) {
    this.#options = options;
    this.#intake = parts.intake;
    this.#appender = parts.appender;
    this.#counters = parts.counters;
  }

  /**
   * Adds what is kept of a request, which the intake gave last; `owners[k]` is the cluster of
   * `result.clusters[k]`. Returns what to wait for: one promise per record.
   */
  add(result: IntakeResult, owners: readonly BatchOwner[]): Promise<void>[] {
    const { kept, cluster, length } = result;
    const { recordSamplesMax, recordBytesMax } = this.#options;
    const request = ++this.#request;
    const waitFor: Promise<void>[] = [];
    const opened: BatchOwner[] = [];
    for (let entry = 0; entry < length; entry++) {
      if (kept[entry] === 0) continue;
      const owner = owners[cluster[entry]!]!;
      let batch = owner.batch;
      // A record that no log takes is refused for all in it: what may make one goes alone.
      if (batch && batch.encoder.byteLength + bytesOf(result, entry) > recordBytesMax) {
        this.#flush(owner, batch);
        batch = undefined;
      }
      if (!batch) {
        batch = this.#openBatch(owner);
        opened.push(owner);
      }
      if (batch.request !== request) {
        batch.request = request;
        waitFor.push(batch.durable.promise);
      }
      const { encoder } = batch;
      encoder.add(result, entry);
      if (encoder.sampleCount >= recordSamplesMax || encoder.byteLength >= recordBytesMax) {
        this.#flush(owner, batch);
      }
    }
    for (const owner of opened) this.#settle(owner, request);
    return waitFor;
  }

  #openBatch(owner: BatchOwner): Batch {
    const batch: Batch = {
      encoder: this.#spare.pop() ?? new RequestEncoder(this.#intake),
      durable: Promise.withResolvers(),
      request: 0,
    };
    // Whoever waits hears of it; nobody may, when the request that opened it failed half-way.
    batch.durable.promise.catch(() => {});
    owner.batch = batch;
    this.#open.add(owner);
    return batch;
  }

  /** What a request has opened goes at once when it is large, else it waits for others. */
  #settle(owner: BatchOwner, request: number): void {
    const { batch } = owner;
    if (batch?.request !== request) return;
    if (batch.encoder.sampleCount >= this.#options.mergeBelowSamples) this.#flush(owner, batch);
    else this.#timer ??= setTimeout(() => this.flushAll(), this.#options.lingerMs);
  }

  /** Appends everything that waits. */
  flushAll(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const owner of this.#open) this.#flush(owner, owner.batch!);
  }

  #flush(owner: BatchOwner, batch: Batch): void {
    owner.batch = undefined;
    this.#open.delete(owner);
    try {
      const value = encodeBody(this.#options.encoding, batch.encoder.finish());
      if (this.#spare.length < spareEncodersMax) this.#spare.push(batch.encoder);
      this.#counters.recordsEncoded++;
      const record = { headers: owner.headers, value };
      this.#appender
        .append(owner.partition, record)
        .then(batch.durable.resolve, batch.durable.reject);
    } catch (error) {
      // A defect: whoever waits must hear of it.
      batch.durable.reject(error);
    }
  }
}

/** About what an entry takes in a record besides its labels, which are bounded. */
function bytesOf({ columns: c }: IntakeResult, entry: number): number {
  let bytes = (c.sampleFrom[entry + 1]! - c.sampleFrom[entry]!) * sampleBytes;
  for (let k = c.histogramFrom[entry]!; k < c.histogramFrom[entry + 1]!; k++) {
    bytes += c.histogramEnd[k]! - c.histogramStart[k]!;
  }
  for (let k = c.exemplarFrom[entry]!; k < c.exemplarFrom[entry + 1]!; k++) {
    bytes += c.exemplarEnd[k]! - c.exemplarStart[k]!;
  }
  return bytes;
}
