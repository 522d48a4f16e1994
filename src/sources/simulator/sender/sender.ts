import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import {
  attempt,
  type Outcome,
  writeHeaders,
  writtenOf,
} from '../../../sinks/remote-write/attempt.ts';
import type { Clock } from '../clock.ts';
import type { WriteRequest } from './requests.ts';

export interface SenderOptions {
  readonly url: URL;
  readonly protocol: 1 | 2;
  /** Beside those of the protocol: authorization, tenant. */
  readonly headers: Readonly<Record<string, string>>;
  readonly shards: number;
  /** Requests that wait per shard; more make `push` wait. */
  readonly queueMax: number;
  readonly timeoutMs: number;
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
  /** Stock Prometheus drops what got a 429 unless told otherwise. */
  readonly retryOn429: boolean;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  readonly onError: (error: SendError) => void;
}

/** Something that a Prometheus would log. */
export interface SendError {
  readonly cluster: string;
  readonly replica: number;
  /** HTTP status, 0 where there was no answer. */
  readonly status: number;
  readonly reason: string;
  /** False: the request's samples are lost. */
  readonly willRetry: boolean;
}

export interface SenderStats {
  requests: number;
  samples: number;
  histograms: number;
  exemplars: number;
  /** Compressed bytes of what was written. */
  bytes: number;
  retries: number;
  refusedRequests: number;
  refusedSamples: number;
  /** Samples and histograms that a 2xx of protocol 2 did not confirm. */
  unconfirmed: number;
  waitingRequests: number;
  /** Time of the newest sample that was written, ms. */
  newestMs: number;
}

export const senderDefaults = {
  queueMax: 5,
  timeoutMs: 30_000,
  backoffMinMs: 30,
  backoffMaxMs: 5_000,
  retryOn429: false,
} as const;

interface Shard {
  readonly queue: WriteRequest[];
  isBusy: boolean;
  /** Those who wait for room. */
  waiting: (() => void)[];
}

/**
 * The remote write queue of one Prometheus: per shard one request under way, in order; retried
 * for ever on 5xx and lost connections, dropped and counted on 4xx (remote-write reference, 1.4).
 */
export class Sender {
  readonly stats: SenderStats = {
    requests: 0,
    samples: 0,
    histograms: 0,
    exemplars: 0,
    bytes: 0,
    retries: 0,
    refusedRequests: 0,
    refusedSamples: 0,
    unconfirmed: 0,
    waitingRequests: 0,
    newestMs: 0,
  };
  readonly #options: SenderOptions;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #shards: readonly Shard[];
  readonly #headers: Record<string, string>;
  #onIdle: (() => void)[] = [];

  constructor(options: SenderOptions) {
    this.#options = options;
    const Agent = options.url.protocol === 'https:' ? HttpsAgent : HttpAgent;
    this.#agent = new Agent({ keepAlive: true, maxSockets: options.shards });
    this.#headers = {
      ...writeHeaders(options.protocol, 'seastate-simulator/1'),
      ...options.headers,
    };
    this.#shards = Array.from({ length: options.shards }, () => ({
      queue: [],
      isBusy: false,
      waiting: [],
    }));
  }

  /** Takes a request; resolves when its shard has room for another one. */
  async push(request: WriteRequest): Promise<void> {
    const shard = this.#shards[request.shard]!;
    shard.queue.push(request);
    this.stats.waitingRequests++;
    if (!shard.isBusy) void this.#work(shard);
    while (shard.queue.length > this.#options.queueMax && !this.#options.signal?.aborted) {
      await new Promise<void>((resolve) => shard.waiting.push(resolve));
    }
  }

  /** Resolves when nothing waits any more, or the sender was stopped. */
  async idle(): Promise<void> {
    while (this.stats.waitingRequests > 0 && !this.#options.signal?.aborted) {
      await new Promise<void>((resolve) => this.#onIdle.push(resolve));
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #work(shard: Shard): Promise<void> {
    const { signal } = this.#options;
    shard.isBusy = true;
    for (
      let request = shard.queue.shift();
      request && !signal?.aborted;
      request = shard.queue.shift()
    ) {
      await this.#deliver(request);
      this.stats.waitingRequests--;
      wake(shard);
    }
    shard.isBusy = false;
    wake(shard);
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  async #deliver(request: WriteRequest): Promise<void> {
    const { clock, signal, backoffMinMs, backoffMaxMs } = this.#options;
    let backoffMs = backoffMinMs;
    for (let tries = 0; !signal?.aborted; tries++) {
      const outcome = await this.#attempt(request, tries);
      if (outcome.kind === 'written') return this.#written(request, outcome);
      if (outcome.kind === 'refused') return this.#refused(request, outcome);
      if (signal?.aborted) return;
      this.stats.retries++;
      this.#complain(request, outcome, true);
      await clock.sleep(outcome.afterMs > 0 ? outcome.afterMs : backoffMs, signal);
      backoffMs = Math.min(backoffMs * 2, backoffMaxMs);
    }
  }

  #attempt({ body }: WriteRequest, tries: number): Promise<Outcome> {
    const { url, timeoutMs, retryOn429, clock, signal } = this.#options;
    return attempt({
      url,
      headers: tries === 0 ? this.#headers : { ...this.#headers, 'retry-attempt': String(tries) },
      body,
      agent: this.#agent,
      timeoutMs,
      retryOn429,
      nowMs: clock.now(),
      ...(signal ? { signal } : {}),
    });
  }

  #written(request: WriteRequest, { headers }: Extract<Outcome, { kind: 'written' }>): void {
    const { stats } = this;
    stats.requests++;
    stats.samples += request.samples;
    stats.histograms += request.histograms;
    stats.exemplars += request.exemplars;
    stats.bytes += request.body.length;
    stats.newestMs = Math.max(stats.newestMs, request.newestMs);
    if (this.#options.protocol === 1) return;
    const sent = request.samples + request.histograms;
    stats.unconfirmed += Math.max(0, sent - Math.max(0, writtenOf(headers)));
  }

  #refused(request: WriteRequest, outcome: Extract<Outcome, { kind: 'refused' }>): void {
    this.stats.refusedRequests++;
    this.stats.refusedSamples += request.samples + request.histograms;
    this.#complain(request, outcome, false);
  }

  #complain(
    request: WriteRequest,
    outcome: { status: number; reason: string },
    willRetry: boolean,
  ): void {
    const { cluster, replica } = request;
    const { status, reason } = outcome;
    this.#options.onError({ cluster, replica, status, reason, willRetry });
  }
}

function wake(shard: Shard): void {
  for (const resolve of shard.waiting.splice(0)) resolve();
}
