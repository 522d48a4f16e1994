import { setTimeout as sleep } from 'node:timers/promises';
import { SeastateError } from '../../core/errors.ts';
import { parseSelector } from '../../core/matchers.ts';
import { BodyMaker } from '../../sinks/remote-write/bodies.ts';
import { RemoteWriteClient } from '../../sinks/remote-write/client.ts';
import type { ClientStats } from '../../sinks/remote-write/options.ts';
import { type OwnedRecord, sendAll } from '../../sinks/remote-write/shards.ts';
import { type CliContext, say } from '../context.ts';
import { exitCodes } from '../exit.ts';
import { loadConfig } from '../load-config.ts';
import { openLogToRead } from '../open-log.ts';
import { clientOptionsOf, type ReplayFlags } from './receiver.ts';
import { Rejected } from './rejected.ts';
import { samplesOf } from './samples.ts';

/** Bytes of records between two places where it can go on. */
const stepBytes = 256 * 1024;
const requestBytes = 32 * 1024;
const progressMs = 5_000;

export async function replay(this: CliContext, flags: ReplayFlags): Promise<void> {
  if (flags.select !== undefined) parseSelector(flags.select);
  const { config } = await loadConfig(this, flags);
  const options = clientOptionsOf(this, flags, config);
  const client = new RemoteWriteClient(options, new BodyMaker(flags.select));
  const log = await openLogToRead(config, this);
  const run = new Replay(this, flags, client, options.connections);
  const rejected = flags.from === 'rejected' ? new Rejected(this, flags, config, options) : null;
  try {
    const found = rejected ? rejected.samples(log) : samplesOf(log, flags, this.now());
    for await (const { record, timestamp } of found) {
      await run.take(record, timestamp);
      if (this.signal.aborted) break;
    }
    if (!this.signal.aborted) await run.finish();
  } catch (error) {
    if (!this.signal.aborted) throw run.failed(error);
  } finally {
    client.close();
    await log.close();
  }
  run.summary();
  rejected?.summary();
}

/** Sends step by step, and knows how far it has come. */
class Replay {
  readonly #context: CliContext;
  readonly #rate: number;
  readonly #connections: number;
  readonly #client: RemoteWriteClient;
  readonly #began: number;
  #step: OwnedRecord[] = [];
  #bytes = 0;
  /** Log time (ms) of the newest record of the step, and of the newest that was sent. */
  #reached = 0;
  #sentUpTo = 0;
  #saidAt: number;

  constructor(
    context: CliContext,
    { rate }: ReplayFlags,
    client: RemoteWriteClient,
    connections: number,
  ) {
    this.#connections = connections;
    this.#context = context;
    this.#rate = rate ?? Number.POSITIVE_INFINITY;
    this.#client = client;
    this.#began = context.now();
    this.#saidAt = this.#began;
  }

  async take(record: OwnedRecord, timestamp: number): Promise<void> {
    this.#step.push(record);
    this.#bytes += record.value.length;
    this.#reached = timestamp;
    if (this.#bytes >= stepBytes) await this.finish();
  }

  /** Sends what waits. */
  async finish(): Promise<void> {
    const { signal, now } = this.#context;
    const options = { shards: this.#connections, requestBytes: this.#limited ? 0 : requestBytes };
    await sendAll(this.#step, options, async (records) => {
      await this.#client.send(records, signal);
      await this.#keepRate();
    });
    if (this.#step.length > 0) this.#sentUpTo = this.#reached;
    this.#step = [];
    this.#bytes = 0;
    if (now() - this.#saidAt < progressMs) return;
    this.#saidAt = now();
    say(this.#context, `${this.#sent()}, up to ${isoOf(this.#sentUpTo)} of log time`);
  }

  /** Small requests keep an even rate. */
  get #limited(): boolean {
    return Number.isFinite(this.#rate);
  }

  async #keepRate(): Promise<void> {
    const { signal, now } = this.#context;
    const dueMs = (this.#client.stats.samples / this.#rate) * 1000;
    const early = dueMs - (now() - this.#began);
    if (early > 0) await sleep(early, undefined, { signal });
  }

  #sent(): string {
    const { samples, requests } = this.#client.stats;
    return `${samples} samples in ${requests} requests sent`;
  }

  /** Words for what went wrong, with the way on. */
  failed(error: unknown): unknown {
    if (!(error instanceof SeastateError) || error.code === 'invariant') return error;
    const words = `${error.message}\n${this.#sent()}. ${this.#wayOn()}`;
    return new SeastateError(error.code, words, { cause: error, retry: error.retry });
  }

  #wayOn(): string {
    if (this.#sentUpTo === 0) return 'Nothing was sent.';
    return `Go on with --from ${isoOf(this.#sentUpTo)}`;
  }

  summary(): void {
    const context = this.#context;
    const { stats, protocol } = this.#client;
    const way = context.signal.aborted ? ` Stopped. ${this.#wayOn()}` : '';
    say(context, `${this.#sent()} by remote write ${protocol}.${way}`);
    const refused = refusedText(stats);
    if (refused === '') return;
    say(context, `Refused for good: ${refused}`);
    context.exit.code = exitCodes.problem;
  }
}

const refusedText = ({ refused }: ClientStats): string =>
  [...refused].map(([reason, count]) => `${count} samples (${reason})`).join(', ');

const isoOf = (ms: number): string => new Date(ms).toISOString();
