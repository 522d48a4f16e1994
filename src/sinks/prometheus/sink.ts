import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, SeastateError } from '../../core/errors.ts';
import type { Log } from '../../log/log.ts';
import { RemoteWriteClient } from '../remote-write/client.ts';
import type { ClientOptions, ClientStats } from '../remote-write/options.ts';
import { Feed, type SinkTopic } from './feed.ts';
import { type Place, Places } from './places.ts';

export interface PrometheusSinkOptions {
  readonly name: string;
  readonly client: ClientOptions;
  readonly topics: readonly SinkTopic[];
  /** Small records are sent together up to this, compressed. */
  readonly requestBytes: number;
  /** File of its places. */
  readonly path: string;
  readonly warn: (fields: object, message: string) => void;
}

export interface SentPartition {
  readonly topic: string;
  readonly partition: number;
  /** The record to be sent next. */
  readonly upTo: number;
  /** Log time (ms) of the newest record that was sent; 0 before. */
  readonly logTime: number;
  /** Records that are not sent yet. */
  lag: number;
}

export interface SinkStatus {
  readonly name: string;
  readonly protocol: string;
  readonly stats: ClientStats;
  /** Records of the topics that retention took before they were sent, and lost outputs. */
  readonly lost: number;
  readonly partitions: readonly SentPartition[];
}

const retryMs = 1_000;
const lagMs = 5_000;

/**
 * Sends scores, and which events are active, to a remote write receiver. It follows the log at
 * its own pace, holds nothing of it back, and keeps in a file how far it has sent: after a crash
 * at most one step is sent again, which a receiver takes for repeats.
 */
export class PrometheusSink {
  readonly #options: PrometheusSinkOptions;
  readonly #client: RemoteWriteClient;
  readonly #places: Places;
  #lost = 0;
  readonly #sent = new Map<string, SentPartition>();

  constructor(options: PrometheusSinkOptions) {
    this.#options = options;
    this.#client = new RemoteWriteClient(options.client);
    this.#places = new Places(options.path);
  }

  status(): SinkStatus {
    const { protocol, stats } = this.#client;
    const { name } = this.#options;
    return {
      ...{ name, protocol, stats, lost: this.#lost },
      partitions: [...this.#sent.values()],
    };
  }

  /** Sends until `signal` aborts or the log is closed. Never rejects. */
  async follow(log: Log, signal: AbortSignal): Promise<void> {
    const follows = this.#options.topics.flatMap((topic) => {
      const partitions = log.topics.get(topic)?.partitions ?? 0;
      return Array.from({ length: partitions }, (_, partition) =>
        this.#followPartition(log, topic, partition, signal),
      );
    });
    const over = new AbortController();
    const measuring = this.#measureLag(log, AbortSignal.any([signal, over.signal]));
    await Promise.all(follows);
    over.abort();
    await measuring;
    this.#client.close();
  }

  /** The lag grows while nothing can be sent, so it is looked at beside. */
  async #measureLag(log: Log, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const sent of this.#sent.values()) {
        const bounds = await log.bounds(sent.topic, sent.partition).catch(() => undefined);
        if (bounds) sent.lag = bounds.next - sent.upTo;
      }
      await sleep(lagMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  #note(sent: SentPartition): void {
    const where = `${sent.topic}/${sent.partition}`;
    this.#sent.set(where, { ...sent, lag: this.#sent.get(where)?.lag ?? 0 });
  }

  async #followPartition(
    log: Log,
    topic: SinkTopic,
    partition: number,
    signal: AbortSignal,
  ): Promise<void> {
    while (!signal.aborted) {
      try {
        const feed = await this.#start(log, topic, partition);
        await feed.run(signal);
        if (!feed.mustRestart) return;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof SeastateError && error.code === 'offset_gone')) {
          this.#warn(
            { topic, error: messageOf(error) },
            'the sink cannot go on; it will try again',
          );
        }
        await sleep(retryMs, undefined, { signal }).catch(() => {});
      }
    }
  }

  async #start(log: Log, topic: SinkTopic, partition: number): Promise<Feed> {
    const where = `${topic}/${partition}`;
    const { first, next } = await log.bounds(topic, partition);
    let place = this.#places.get(where);
    if (place && place.next > next) {
      this.#warn({ topic }, 'the sink was fed from another log: it starts with what comes now');
      place = undefined;
    }
    const feed = this.#feed(log, topic, partition, place);
    if (place && place.next < first) {
      this.#lost += first - place.next;
      this.#warn(
        { topic, lost: first - place.next },
        'records are lost to the sink: retention deleted them before they could be sent',
      );
      feed.skipTo(first);
    }
    this.#note({ topic, partition, upTo: place?.next ?? next, logTime: 0, lag: 0 });
    // What was open before is known from the topic; what was scored before is not sent any more.
    if (!place) await feed.learn(topic === 'events' ? first : next, next);
    return feed;
  }

  #feed(log: Log, topic: SinkTopic, partition: number, place: Place | undefined): Feed {
    const where = `${topic}/${partition}`;
    const { requestBytes, client } = this.#options;
    return new Feed({
      ...{ log, topic, partition, requestBytes, place },
      shards: client.connections,
      send: (records, signal, again) => this.#client.send(records, signal, again),
      save: (next) => this.#places.set(where, next),
      lost: (loss) => {
        this.#lost += loss.seen - loss.expected;
        this.#warn({ topic, ...loss }, 'outputs are lost: their numbers are missing in the log');
      },
      sent: (upTo, logTime) => this.#note({ topic, partition, upTo, logTime, lag: 0 }),
    });
  }

  #warn(fields: object, message: string): void {
    this.#options.warn({ sink: this.#options.name, ...fields }, message);
  }
}
