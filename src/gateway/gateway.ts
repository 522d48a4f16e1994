import { messageOf, SeastateError } from '../core/errors.ts';
import { WriteColumns } from '../formats/remote-write/columns.ts';
import { decodeV1 } from '../formats/remote-write/decode-v1.ts';
import { decodeV2 } from '../formats/remote-write/decode-v2.ts';
import type { IntakeResult } from '../formats/remote-write/intake.ts';
import { encodeBody } from '../formats/snappy/body-encoding.ts';
import { decompress } from '../formats/snappy/snappy.ts';
import type { Log } from '../log/log.ts';
import type { TelemetryKind } from '../log/topics.ts';
import { Admission, type SenderRoom } from './admission.ts';
import {
  later,
  type nothingWritten,
  refused,
  rejectionMessage,
  type WriteAnswer,
} from './answer.ts';
import { Appender } from './appender.ts';
import { type Cluster, type Clusters, keyOf, type Sender } from './clusters.ts';
import {
  GatewayCounters,
  increment,
  type LaterReason,
  type RefusalReason,
  type TenantCounters,
} from './counters.ts';
import { Heartbeats } from './heartbeats.ts';
import { MetadataWriter } from './metadata-writer.ts';
import type { GatewayOptions } from './options.ts';
import { jsonRecord, type Owner } from './records.ts';
import { makeRules, type Rules, type RulesParts, type SeriesRules } from './rules.ts';

/** One remote write request as it came. */
export interface WriteRequest {
  readonly protocol: 1 | 2;
  /** A snappy block. It may become the record: nobody may change it, unless it is shared. */
  readonly body: Uint8Array;
  /** The body is valid only until `write` returns its promise. */
  readonly isShared: boolean;
  readonly sender: Sender;
  /** `Retry-Attempt`; 0 for the first. */
  readonly retryAttempt: number;
}

export interface GatewayParts {
  readonly log: Log;
  /** ms since the epoch. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Where warnings go. */
  readonly warn: (fields: object, message: string) => void;
}

const tooMuch = 'too much is in flight';

/** A log that was full is tried again after this time. */
const fullPauseMs = 1_000;

/**
 * Takes requests of senders that are known, and answers when what is good of them is durable:
 * decode, validate, place, append, acknowledge (DESIGN 1). Reading is synchronous, so columns and
 * buffers are used again for the next request; only bodies and records outlive it.
 */
export class Gateway {
  readonly counters: GatewayCounters = new GatewayCounters();
  readonly admission: Admission;
  #options: GatewayOptions;
  readonly #parts: GatewayParts;
  readonly #appender: Appender;
  readonly #heartbeats: Heartbeats;
  readonly #metadata: MetadataWriter;
  readonly #columns = new WriteColumns();
  readonly #rulesParts: RulesParts;
  #rules: Rules;
  /** When the log was full; for a while after it bodies are not even read. */
  #fullAtMs = Number.NEGATIVE_INFINITY;
  #state: 'starting' | 'serving' | 'stopping' = 'starting';

  constructor(options: GatewayOptions, parts: GatewayParts) {
    const { counters } = this;
    this.#options = options;
    this.#parts = parts;
    this.admission = new Admission({
      bytesMax: options.inFlightBytesMax,
      requestsMax: options.inFlightRequestsMax,
    });
    this.#appender = new Appender(options.topic, { log: parts.log, now: parts.now, counters });
    this.#metadata = new MetadataWriter(options, { appender: this.#appender, counters });
    this.#rulesParts = { appender: this.#appender, counters, random: parts.random };
    this.#rules = makeRules(options, this.#rulesParts);
    this.#heartbeats = new Heartbeats({
      appender: this.#appender,
      now: parts.now,
      onBeat: (written) => void this.#onBeat(written),
      onError: (error) =>
        parts.warn({ error: messageOf(error) }, 'heartbeats could not be written'),
    });
  }

  /**
   * Other rules from now on; what waits goes by the old ones. All series are learnt again where
   * something changed. Throws `usage` on a bad selector, and then the old rules stay.
   */
  configure({ clusterLabels, aliases, tenants, keep, drop }: SeriesRules): void {
    const options = { ...this.#options, clusterLabels, aliases, tenants, keep, drop };
    if (JSON.stringify(options) === JSON.stringify(this.#options)) return;
    const next = makeRules(options, this.#rulesParts);
    this.#rules.batches.flushAll();
    this.#rules = next;
    this.#options = options;
  }

  get clusters(): Clusters {
    return this.#rules.clusters;
  }

  /** Writes a heartbeat into every partition and takes requests from then on. */
  async start(): Promise<void> {
    await this.#heartbeats.start();
    if (this.#state === 'starting') this.#state = 'serving';
  }

  /** Refuses what comes from now on, and resolves when all that came has its answer. */
  async stop(): Promise<void> {
    this.#state = 'stopping';
    this.#heartbeats.stop();
    this.#rules.batches.flushAll();
    await this.#appender.drain();
  }

  /** What is not ready; empty when requests are taken. */
  get notReady(): readonly string[] {
    return this.#state === 'serving' ? [] : [`gateway: ${this.#state}`];
  }

  /** Series that the intake knows, and the memory that they take. */
  get knownSeries(): { readonly count: number; readonly bytes: number } {
    return { count: this.#rules.intake.knownSeries, bytes: this.#rules.intake.bytesUsed };
  }

  /**
   * Whether a request whose headers have come may send its body. Undefined: yes. `bodyBytes` is
   * its declared length, 0 when unknown.
   */
  refusal(sender: Sender, bodyBytes: number): WriteAnswer | undefined {
    const counters = this.counters.tenant(sender.tenant);
    const { bodyBytesMax } = this.#options;
    if (bodyBytes > bodyBytesMax) return this.tooLarge(sender, bodyBytes);
    if (this.#state !== 'serving') return this.#later(counters, this.#state, 'not serving');
    const fullForMs = this.#parts.now() - this.#fullAtMs;
    // A clock that was set back must not make a while of it that has no end.
    if (fullForMs >= 0 && fullForMs < fullPauseMs) {
      return this.#later(counters, 'log_full', 'the log was full a moment ago');
    }
    const room = this.roomOf(sender);
    if (!room.hasTurn) return this.#later(counters, 'in_flight_requests', tooMuch);
    return room.fits(bodyBytes) ? undefined : this.#later(counters, 'in_flight_bytes', tooMuch);
  }

  /** Where the bytes of a sender's bodies are reserved as they arrive. */
  roomOf(sender: Sender): SenderRoom {
    return this.admission.of(keyOf(sender));
  }

  /** A body that is longer than is allowed, as declared or as it came. */
  tooLarge({ tenant }: Sender, bodyBytes: number): WriteAnswer {
    const { bodyBytesMax } = this.#options;
    const message = `body of ${bodyBytes} bytes is over the limit of ${bodyBytesMax} bytes`;
    return this.#refused(this.counters.tenant(tenant), 'body_too_large', message);
  }

  /** A body whose next bytes found no room. */
  overloaded({ tenant }: Sender): WriteAnswer {
    return this.#later(this.counters.tenant(tenant), 'in_flight_bytes', tooMuch);
  }

  /**
   * Never rejects. Takes over `body.length` bytes that the caller has reserved in `roomOf`, and
   * gives them back when nothing holds the body any more.
   */
  async write(request: WriteRequest): Promise<WriteAnswer> {
    const counters = this.counters.tenant(request.sender.tenant);
    counters[request.protocol === 1 ? 'requestsV1' : 'requestsV2']++;
    counters.bodyBytes += request.body.length;
    if (request.retryAttempt > 0) counters.retries++;
    const room = this.roomOf(request.sender);
    if (this.#state !== 'serving' || !room.enter()) {
      room.release(request.body.length);
      const reason = this.#state === 'serving' ? 'in_flight_requests' : this.#state;
      return this.#later(counters, reason, 'not serving');
    }
    const { length } = request.body;
    const leave = (): void => {
      room.leave();
      room.release(length);
    };
    let taken: Taken;
    try {
      taken = this.#take(request, counters);
    } catch (error) {
      leave();
      return this.#unreadable(counters, error);
    }
    const settled = Promise.allSettled(taken.waitFor);
    const results = await Promise.race([settled, this.#timeout(settled)]);
    if (results === undefined) {
      void settled.then(leave);
      const message = `the log took longer than ${this.#options.appendTimeoutMs} ms`;
      return this.#later(counters, 'append_timeout', message);
    }
    leave();
    return this.#acknowledge(taken, results, counters);
  }

  /** Reads a request and gives its good parts to the log; throws when it cannot be read. */
  #take(request: WriteRequest, counters: TenantCounters): Taken {
    const { decodedBytesMax, writeLimits } = this.#options;
    const decoded = decompress(request.body, decodedBytesMax, this.#columns.scratch);
    counters.decodedBytes += decoded.length;
    const decode = request.protocol === 1 ? decodeV1 : decodeV2;
    decode(decoded, writeLimits, this.#columns);
    const result = this.#rules.intake.read(this.#columns);
    const owners = this.#owners(request, result);
    const waitFor = this.#canPass(request, result)
      ? [this.#passThrough(request, owners[0]!)]
      : this.#rules.batches.add(result, owners);
    const metadata = request.protocol === 1 ? this.#writeMetadata(request) : [];
    return { waitFor: waitFor.concat(metadata), ...this.#outcome(result, counters) };
  }

  #writeMetadata({ sender }: WriteRequest): Promise<void>[] {
    const own = this.clusters.find(sender, '').name;
    return this.#metadata.write(sender, own, this.#columns, this.#parts.now());
  }

  #owners({ sender, protocol }: WriteRequest, { clusters }: IntakeResult): Cluster[] {
    const now = this.#parts.now();
    return clusters.map((label) => {
      const cluster = this.clusters.find(sender, label);
      if (this.clusters.note(cluster, sender.name, now)) this.counters.identityClashes++;
      if (protocol === 1) this.#metadata.sees(sender, cluster.name, now);
      return cluster;
    });
  }

  /** Whether the bytes that came become the record. */
  #canPass({ body }: WriteRequest, result: IntakeResult): boolean {
    const { mergeBelowSamples, recordSamplesMax, recordBytesMax } = this.#options;
    const samples = result.accepted.samples + result.accepted.histograms;
    return (
      result.passThrough &&
      samples >= mergeBelowSamples &&
      samples <= recordSamplesMax &&
      body.length <= recordBytesMax
    );
  }

  #passThrough({ body, isShared }: WriteRequest, owner: Cluster): Promise<void> {
    const { encoding } = this.#options;
    const own = isShared ? body.slice() : body;
    const value = encoding === 'snappy' ? own : encodeBody(encoding, this.#columns.bytes);
    this.counters.recordsPassedThrough++;
    return this.#appender.append(owner.partition, { headers: owner.headers, value });
  }

  /** What the answer needs of a result that the next request overwrites. */
  #outcome(result: IntakeResult, counters: TenantCounters): Omit<Taken, 'waitFor'> {
    const { accepted, filtered, rejected, reasons } = result;
    counters.filteredSeries += filtered.series;
    counters.filteredSamples += filtered.samples + filtered.histograms;
    counters.rejectedSamples += rejected.samples + rejected.histograms;
    for (const [reason, count] of reasons) increment(counters.rejectedSeries, reason, count);
    const { samples, histograms, exemplars } = accepted;
    const { metadataCount, protocol } = this.#columns;
    return {
      written: { samples, histograms, exemplars },
      durable: {
        samples: samples - filtered.samples,
        histograms: histograms - filtered.histograms,
        exemplars: exemplars - filtered.exemplars,
        metadata: protocol === 1 ? metadataCount : accepted.metadata - filtered.metadata,
      },
      message: reasons.size === 0 ? '' : rejectionMessage(result, this.#options.messageBytesMax),
    };
  }

  #acknowledge(
    { written, durable, message }: Taken,
    results: readonly PromiseSettledResult<void>[],
    counters: TenantCounters,
  ): WriteAnswer {
    const failures = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as SeastateError] : [],
    );
    const transient = failures.find(({ code }) => code !== 'record_too_large');
    if (transient) {
      const reason = transient.code === 'log_full' ? 'log_full' : 'log_unavailable';
      if (reason === 'log_full') this.#fullAtMs = this.#parts.now();
      return this.#later(counters, reason, transient.message);
    }
    if (failures[0]) return this.#refused(counters, 'record_too_large', failures[0].message);
    counters.samples += durable.samples;
    counters.histograms += durable.histograms;
    counters.exemplars += durable.exemplars;
    counters.metadata += durable.metadata;
    return message === ''
      ? { outcome: 'written', written }
      : { outcome: 'rejected', written, message };
  }

  /** Undefined after the time-out, unless `settled` comes first. */
  #timeout(settled: Promise<unknown>): Promise<undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), this.#options.appendTimeoutMs);
      void settled.then(() => clearTimeout(timer));
    });
  }

  #unreadable(counters: TenantCounters, error: unknown): WriteAnswer {
    const known = error instanceof SeastateError ? readErrors.get(error.code) : undefined;
    if (known) return this.#refused(counters, known, messageOf(error));
    // A defect of ours: the sender keeps the data and tries again.
    this.#parts.warn({ error }, 'a request could not be read because of a defect');
    return this.#later(counters, 'log_unavailable', 'internal error');
  }

  #refused(counters: TenantCounters, reason: RefusalReason, message: string): WriteAnswer {
    increment(counters.refused, reason);
    // The sender drops what got a 413, so each of them is told.
    if (reason === 'body_too_large') this.#parts.warn({ reason }, `request refused: ${message}`);
    return refused(reason, message);
  }

  #later(counters: TenantCounters, reason: LaterReason, message: string): WriteAnswer {
    increment(counters.refused, reason);
    const { min, max } = this.#options.retryAfterSeconds;
    const seconds = min + Math.floor(this.#parts.random() * (max - min + 1));
    return later(reason, `${reason}: ${message}`, seconds);
  }

  /**
   * Appends a record of another kind to the partition of its tenant and cluster; resolves when it
   * is durable. Rejects as `Log.append` does, and with `other_tenant` where the cluster is known
   * to be another tenant's.
   */
  async append(kind: TelemetryKind, owner: Owner, value: object): Promise<void> {
    if (this.#state !== 'serving') {
      throw new SeastateError('log_unavailable', `${this.#state}: try again`, { retry: 'later' });
    }
    const cluster = this.clusters.find(
      { tenant: owner.tenant, name: owner.cluster },
      owner.cluster,
    );
    const { tenant, name } = cluster;
    const { tenants } = this.#options;
    if (Object.hasOwn(tenants, name) && tenants[name] !== tenant) {
      throw new SeastateError('other_tenant', `cluster "${name}" belongs to another tenant`);
    }
    await this.#appender.append(
      cluster.partition,
      jsonRecord(kind, value, { tenant, cluster: name }),
    );
  }

  async #onBeat(written: number): Promise<void> {
    this.counters.heartbeats += written;
    const skew = await this.#appender.clockSkewMs().catch(() => undefined);
    if (skew === undefined) return;
    this.counters.clockSkewMs = skew;
    if (Math.abs(skew) > this.#options.clockSkewMaxMs) {
      this.#parts.warn({ skewMs: skew }, 'the clocks of the log and of this gateway differ');
    }
  }
}

/** What is left to do of a request that was read. */
interface Taken {
  readonly waitFor: Promise<void>[];
  readonly written: typeof nothingWritten;
  readonly durable: typeof nothingWritten & { readonly metadata: number };
  readonly message: string;
}

const readErrors: ReadonlyMap<string, RefusalReason> = new Map<string, RefusalReason>([
  ['body_too_large', 'body_too_large'],
  ['body_not_snappy', 'body_not_snappy'],
  ['body_malformed', 'body_malformed'],
  ['limit_exceeded', 'limit_exceeded'],
]);
