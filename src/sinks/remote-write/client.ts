import { setTimeout as sleep } from 'node:timers/promises';
import { SeastateError } from '../../core/errors.ts';
import { attempt, type Outcome, writeHeaders, writtenOf } from './attempt.ts';
import { type Body, BodyMaker, type SamplesRecord, type Share } from './bodies.ts';
import { agentOf, type ClientOptions, newStats, reasonOf } from './options.ts';

type Decided = Exclude<Outcome, { kind: 'retry' }>;
type Refused = Extract<Outcome, { kind: 'refused' }>;

/**
 * Who we are, or the address, is wrong: to be mended there or here, and no fault of the samples.
 */
const mendable: ReadonlySet<number> = new Set([401, 403, 404, 405, 407, 408, 429]);
/** A `Retry-After` counts up to this. */
const retryAfterMaxMs = 300_000;
/** Requests into which one is split, at most, to save the neighbours of what was refused. */
const splitMax = 64;
/** The same of what may have been sent before: most of it is there already. */
const splitAgainMax = 16;

/**
 * Sends records of samples to a remote write receiver: tries again until they are taken or refused
 * for good, and counts the latter by reason. Calls of `send` may run side by side; who needs an
 * order waits for one before the next.
 */
export class RemoteWriteClient {
  readonly stats = newStats();
  readonly #options: ClientOptions;
  readonly #bodies: BodyMaker;
  readonly #agent: ReturnType<typeof agentOf>;
  #headers: Readonly<Record<string, string>>;
  /** Protocol in use; it is sure once the receiver has shown that it reads it. */
  #protocol: 1 | 2;
  #isSure: boolean;
  /** What is wrong, as it was told. */
  #trouble = '';

  constructor(options: ClientOptions, bodies: BodyMaker = new BodyMaker()) {
    this.#options = options;
    this.#bodies = bodies;
    this.#agent = agentOf(options);
    this.#headers = options.headers();
    this.#protocol = options.protocol === '1.0' ? 1 : 2;
    this.#isSure = options.protocol !== 'auto';
  }

  get protocol(): '1.0' | '2.0' {
    return this.#protocol === 1 ? '1.0' : '2.0';
  }

  close(): void {
    this.#agent.destroy();
  }

  /**
   * Sends the records as one request. `again`: they may have been sent before. Rejects when
   * `signal` aborts, and when the client gives up (`receiver_unreachable`, `receiver_refused`).
   */
  async send(records: readonly SamplesRecord[], signal: AbortSignal, again = false): Promise<void> {
    const protocol = this.#protocol;
    const body = this.#make(records);
    if (!body) {
      if (records.length > 1)
        for (const record of records) await this.send([record], signal, again);
      return;
    }
    if (body.dropped > 0) this.#refuse('custom_bounds', body.dropped, 'protocol 1.0 has none');
    if (body.samples === 0) return;
    const outcome = await this.#deliver(body, protocol, signal);
    // Others may have found out meanwhile what the receiver knows.
    if (protocol === 2 && (!this.#isSure || this.#protocol === 1) && mayBeOfOne(outcome)) {
      return await this.#tryOne(records, body, outcome, signal, again);
    }
    this.#isSure = true;
    if (outcome.kind === 'written') this.#written(body, outcome, protocol);
    else await this.#refused(records, body, outcome, signal, again);
  }

  /** Undefined when a record is broken; one of its own is counted. */
  #make(records: readonly SamplesRecord[]): Body | undefined {
    try {
      return this.#bodies.make(records, this.#protocol);
    } catch (error) {
      if (!(error instanceof SeastateError) || error.code === 'invariant') throw error;
      if (records.length === 1) this.#refuse('unreadable', 1, error.message);
      return undefined;
    }
  }

  /** The receiver may know protocol 1 only: what it says to that decides. */
  async #tryOne(
    records: readonly SamplesRecord[],
    body: Body,
    outcome: Decided,
    signal: AbortSignal,
    again: boolean,
  ): Promise<void> {
    const older = this.#bodies.make(records, 1);
    const second = await this.#deliver(older, 1, signal);
    if (second.kind === 'refused' && second.status === 415) {
      await this.#refused(records, body, outcome as Refused, signal, again);
      return;
    }
    if (this.#protocol === 2) {
      this.#options.tell({ url: this.#name }, 'the receiver takes remote write 1.0 only: used now');
    }
    this.#protocol = 1;
    this.#isSure = true;
    if (second.kind === 'written') this.#written(older, second, 1);
    else await this.#refused(records, older, second, signal, again);
  }

  get #name(): string {
    const { protocol, host, pathname } = this.#options.url;
    return `${protocol}//${host}${pathname}`;
  }

  #written(body: Body, { headers }: Decided, protocol: 1 | 2): void {
    this.stats.requests++;
    this.stats.bytes += body.bytes.length;
    const written = protocol === 2 ? writtenOf(headers) : -1;
    const taken = written < 0 ? body.samples : Math.min(written, body.samples);
    this.stats.samples += taken;
    if (taken < body.samples) {
      this.#refuse('unconfirmed', body.samples - taken, 'the receiver says it has written less');
    }
  }

  async #refused(
    records: readonly SamplesRecord[],
    body: Body,
    outcome: Refused,
    signal: AbortSignal,
    again: boolean,
  ): Promise<void> {
    const { status, reason, headers } = outcome;
    const written = writtenOf(headers);
    if (written >= 0 && status === 400) {
      // Protocol 2: what is good was written.
      this.stats.requests++;
      this.stats.samples += Math.min(written, body.samples);
      const word = again ? 'repeated' : reasonOf(status, reason);
      this.#refuse(word, Math.max(0, body.samples - written), reason);
      return;
    }
    if ((status === 400 || status === 413) && records.length > 1) {
      for (const record of records) await this.send([record], signal, again);
    } else if ((status === 400 || status === 413) && body.series > 1) {
      await this.#split(records, outcome, signal, again);
    } else this.#refuse(wordOf(outcome, again), body.samples, reason);
  }

  /**
   * Sends the series of a refused request in ever smaller shares, so that a bad one does not take
   * its neighbours with it. Series stay whole, and so in order.
   */
  async #split(
    records: readonly SamplesRecord[],
    first: Refused,
    signal: AbortSignal,
    again: boolean,
  ): Promise<void> {
    const max = again ? splitAgainMax : splitMax;
    const shares: Share[] = halves({ modulus: 1, rest: 0 });
    for (let sent = 0, share = shares.shift(); share; share = shares.shift()) {
      const body = this.#bodies.make(records, this.#protocol, share);
      if (body.samples === 0) continue;
      if (sent++ >= max) {
        this.#refuse(wordOf(first, again), body.samples, first.reason);
        continue;
      }
      const outcome = await this.#deliver(body, this.#protocol, signal);
      if (outcome.kind === 'written') this.#written(body, outcome, this.#protocol);
      else if (body.series > 1) shares.push(...halves(share));
      else this.#refuse(wordOf(outcome, again), body.samples, outcome.reason);
    }
  }

  #refuse(word: string, samples: number, reason: string): void {
    if (samples === 0) return;
    if (word === 'repeated') {
      this.stats.repeats += samples;
      return;
    }
    const { refused } = this.stats;
    // Told once by reason; the counters tell how many.
    if (!refused.has(word)) {
      const fields = { url: this.#name, reason: word, samples, answer: reason };
      this.#options.tell(fields, 'samples cannot be sent for good; such ones are counted');
    }
    refused.set(word, (refused.get(word) ?? 0) + samples);
  }

  /** Tries until the receiver has decided. */
  async #deliver({ bytes }: Body, protocol: 1 | 2, signal: AbortSignal): Promise<Decided> {
    const { backoffMinMs, backoffMaxMs, now, random, giveUpMs } = this.#options;
    const began = now();
    for (let tries = 0, backoffMs = backoffMinMs; ; tries++) {
      signal.throwIfAborted();
      const outcome = await this.#attempt(bytes, protocol, tries, signal);
      signal.throwIfAborted();
      if (outcome.kind === 'written') this.#isWell();
      if (outcome.kind === 'written') return outcome;
      if (outcome.kind === 'refused' && !isMendable(outcome.status)) return outcome;
      this.#isUnwell(outcome);
      if (now() - began >= giveUpMs) throw this.#gaveUp(outcome.reason, outcome.status);
      this.stats.retries++;
      const asked = outcome.kind === 'retry' ? outcome.afterMs : 0;
      const jittered = backoffMs * (0.5 + random() / 2);
      await sleep(Math.max(Math.min(asked, retryAfterMaxMs), jittered), undefined, { signal });
      backoffMs = Math.min(backoffMs * 2, backoffMaxMs);
    }
  }

  #attempt(
    body: Uint8Array,
    protocol: 1 | 2,
    tries: number,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { url, timeoutMs, now, userAgent } = this.#options;
    return attempt({
      url,
      headers: {
        ...writeHeaders(protocol, userAgent),
        ...this.#headers,
        ...(tries > 0 && { 'retry-attempt': String(tries) }),
      },
      body,
      agent: this.#agent,
      timeoutMs,
      retryOn429: true,
      nowMs: now(),
      signal,
    });
  }

  #isUnwell({ status, reason }: { status: number; reason: string }): void {
    const { failsFast, now, tell, headers } = this.#options;
    if (failsFast && status > 0 && isMendable(status) && status !== 429) {
      throw this.#gaveUp(reason, status);
    }
    if (status === 401 || status === 403) this.#headers = headers();
    if (this.stats.troubleSince === 0) this.stats.troubleSince = now();
    const trouble = status === 0 ? reason : `HTTP ${status}`;
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    tell(
      { url: this.#name, status, answer: reason },
      'the receiver cannot be written; tried again',
    );
  }

  #isWell(): void {
    if (this.#trouble === '') return;
    this.#trouble = '';
    this.stats.troubleSince = 0;
    this.#options.tell({ url: this.#name }, 'the receiver takes samples again');
  }

  #gaveUp(reason: string, status: number): SeastateError {
    if (status === 0 || status === 429 || status >= 500) {
      return new SeastateError(
        'receiver_unreachable',
        `${this.#name} takes nothing: ${status === 0 ? '' : `HTTP ${status} `}${reason}`,
        { retry: 'later' },
      );
    }
    return new SeastateError(
      'receiver_refused',
      `${this.#name} answered ${status}${reason === '' ? '' : ` (${reason})`}: check the address ` +
        'and the credentials, and that it receives remote write',
    );
  }
}

/**
 * Why samples were refused; what a receiver has already it may have of us, where we sent before.
 */
function wordOf({ status, reason }: Refused, again: boolean): string {
  const word = reasonOf(status, reason);
  return again && status === 400 && word !== 'http_400' ? 'repeated' : word;
}

/** 3xx: the address is another one. */
const isMendable = (status: number): boolean =>
  mendable.has(status) || (status >= 300 && status < 400);

/**
 * Whether the receiver may not know protocol 2: 415, or 400 of the older ones; or it read nothing
 * in the request and took that for well.
 */
function mayBeOfOne(outcome: Decided): boolean {
  if (writtenOf(outcome.headers) >= 0) return false;
  return outcome.kind === 'written' || outcome.status === 415 || outcome.status === 400;
}

const halves = ({ modulus, rest }: Share): Share[] => [
  { modulus: modulus * 2, rest },
  { modulus: modulus * 2, rest: rest + modulus },
];
