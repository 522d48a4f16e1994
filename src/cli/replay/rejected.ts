import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../config/schema.ts';
import { type TopicFormat, topicFormats } from '../../config/sources.ts';
import { text } from '../../core/bytes.ts';
import { SeastateError } from '../../core/errors.ts';
import type { Log } from '../../log/log.ts';
import { type RejectedData, rejectedData } from '../../log/rejected.ts';
import { rejectedTopic } from '../../log/topics.ts';
import { attempt } from '../../sinks/remote-write/attempt.ts';
import { agentOf, type ClientOptions } from '../../sinks/remote-write/options.ts';
import { type OwnedRecord, ownedRecord } from '../../sinks/remote-write/shards.ts';
import type { Made } from '../../sources/kafka-topic/made.ts';
import { recordReader } from '../../sources/kafka-topic/records.ts';
import { type CliContext, say } from '../context.ts';
import { exitCodes } from '../exit.ts';
import { recordsNow } from '../tail/records.ts';
import type { ReplayFlags } from './receiver.ts';
import type { Found } from './samples.ts';

const requestSamples = 2_000;
const retryMs = 1_000;

/**
 * What stands in `rejected`, read once more by the program and the configuration of now: samples
 * for the receiver, Kubernetes events for the same Seastate. What still is of no use is listed.
 */
export class Rejected {
  readonly #context: CliContext;
  readonly #flags: ReplayFlags;
  readonly #config: Config;
  readonly #options: ClientOptions;
  readonly #agent: ReturnType<typeof agentOf>;
  #events = 0;
  /** What is left, by reason: how many, and the first of them for people. */
  readonly #left = new Map<string, { count: number; readonly example: string }>();

  constructor(context: CliContext, flags: ReplayFlags, config: Config, options: ClientOptions) {
    this.#context = context;
    this.#flags = flags;
    this.#config = config;
    this.#options = options;
    this.#agent = agentOf(options);
  }

  /** Sends the events, and gives the samples. */
  async *samples(log: Log): AsyncGenerator<Found> {
    const range = { topic: rejectedTopic, from: 0, to: this.#flags.to ?? this.#context.now() };
    const seen = new Set<string>();
    for await (const { records } of recordsNow(log, range)) {
      for (const { value, timestamp } of records) {
        if (value === null) continue;
        const { subject, data } = JSON.parse(text(value)) as { subject: string; data: unknown };
        // What was read twice by a source stands there twice.
        if (seen.has(subject)) continue;
        seen.add(subject);
        const parsed = rejectedData.safeParse(data);
        if (!parsed.success) this.#leave('not_understood', `${subject}: of another version`);
        else for await (const record of this.#one(parsed.data)) yield { record, timestamp };
      }
    }
  }

  async *#one(data: RejectedData): AsyncGenerator<OwnedRecord> {
    const { format, truncated, headers, source, size } = data;
    const value = Buffer.from(data.value, 'base64');
    const where = `${source} ${data.topic}/${data.partition}/${data.offset}`;
    if (truncated) {
      this.#leave('truncated', `${where}: only ${value.length} of ${size} bytes were kept`);
    } else if (topicFormats.some((known) => known === format)) {
      yield* this.#foreign(data, value, where);
    } else if (headers['kind'] === 'samples') yield ownedRecord(headers, value);
    else if (headers['kind'] === 'kubernetes-event') {
      await this.#post(value, headers['cluster'] ?? '', where);
    } else this.#leave('not_sendable', `${where}: a record of kind "${headers['kind'] ?? ''}"`);
  }

  /** A record of a topic of others, as its source reads it now. */
  async *#foreign(
    data: RejectedData,
    value: Uint8Array,
    where: string,
  ): AsyncGenerator<OwnedRecord> {
    const { partition, offset, headers, format } = data;
    const record = { offset, timestamp: 0, headers, value };
    const made = this.#read(data, format as TopicFormat, { partition, record });
    for (const { protocol, body } of made.requests) {
      yield { owner: data.source, encoding: 'snappy', value: body, protocol };
    }
    for (const cluster of new Set(made.events.map(({ owned }) => owned.cluster))) {
      await this.#post(value, cluster, where);
    }
    for (const { reason, error } of made.unusable) this.#leave(reason, `${where}: ${error}`);
    if (made.others > 0) this.#leave('nothing_of_ours', where);
  }

  #read(
    { source }: RejectedData,
    format: TopicFormat,
    placed: Parameters<ReturnType<typeof recordReader>['read']>[0][number],
  ): Made {
    const { limits, sources } = this.#config.process;
    const section = sources.kafka.find(({ name, topic }) => source === `kafka/${name ?? topic}`);
    const rule = {
      fields: section?.cluster_fields ?? [],
      cluster: this.#flags.cluster ?? section?.cluster,
    };
    const events = { rule, bytesMax: limits.event_size, now: this.#context.now };
    const decodedBytesMax = limits.decoded_size;
    return recordReader({ format, requestSamples, decodedBytesMax, events }).read([placed]);
  }

  /** Posts a record with Kubernetes events, as it came, to where events are taken. */
  async #post(body: Uint8Array, cluster: string, where: string): Promise<void> {
    const { url: write, headers, timeoutMs, giveUpMs, now } = this.#options;
    const { signal } = this.#context;
    const url = new URL('events', write);
    if (cluster !== '') url.searchParams.set('cluster', cluster);
    for (const began = now(); ; await sleep(retryMs, undefined, { signal })) {
      const outcome = await attempt({
        url,
        headers: { ...headers(), 'content-type': 'application/json' },
        ...{ body, timeoutMs, signal, retryOn429: true, nowMs: now(), agent: this.#agent },
      });
      if (outcome.kind === 'written') {
        this.#events++;
        return;
      }
      if (outcome.kind === 'refused') {
        this.#leave(`http_${outcome.status}`, `${where}: ${outcome.reason}`);
        return;
      }
      if (now() - began < giveUpMs) continue;
      throw new SeastateError('receiver_unreachable', `${url.href}: ${outcome.reason}`);
    }
  }

  #leave(reason: string, example: string): void {
    const left = this.#left.get(reason) ?? { count: 0, example };
    left.count++;
    this.#left.set(reason, left);
  }

  summary(): void {
    this.#agent.destroy();
    say(this.#context, `${this.#events} records with Kubernetes events sent.`);
    for (const [reason, { count, example }] of this.#left) {
      say(this.#context, `Still of no use: ${count} (${reason}), such as ${example}`);
      this.#context.exit.code = exitCodes.problem;
    }
  }
}
