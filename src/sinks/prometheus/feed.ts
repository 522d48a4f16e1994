import { utf8 } from '../../core/bytes.ts';
import { xxh32 } from '../../core/xxh32.ts';
import type { Log, LogRecord } from '../../log/log.ts';
import { type Loss, NumberedReader } from '../../log/numbering.ts';
import type { SamplesRecord } from '../remote-write/bodies.ts';
import { ActiveEvents } from './active.ts';
import type { Place } from './places.ts';

export type SinkTopic = 'scores' | 'events';

/** Compressed bytes of records between two writes of the place. */
const stepBytes = 256 * 1024;

interface FeedParts {
  readonly log: Log;
  readonly topic: SinkTopic;
  readonly partition: number;
  readonly requestBytes: number;
  readonly shards: number;
  readonly place: Place | undefined;
  readonly send: (
    records: readonly SamplesRecord[],
    signal: AbortSignal,
    again: boolean,
  ) => Promise<void>;
  readonly save: (place: Place) => Promise<void>;
  readonly lost: (loss: Loss) => void;
  readonly sent: (upTo: number, logTime: number) => void;
}

/** One partition of a topic on its way to the receiver. */
export class Feed {
  readonly #parts: FeedParts;
  readonly #reader: NumberedReader;
  readonly #active = new ActiveEvents();
  #next: number;
  #saved = 0;
  /** The first step may have been sent before: requests may not be cut in another way then. */
  #again: boolean;
  mustRestart = false;

  constructor(parts: FeedParts) {
    this.#parts = parts;
    this.#reader = new NumberedReader({ onLoss: parts.lost });
    this.#next = parts.place?.next ?? 0;
    this.#again = parts.place !== undefined;
    if (!parts.place) return;
    this.#reader.load(parts.place.readers);
    if (parts.place.active) this.#active.load(parts.place.active);
  }

  skipTo(next: number): void {
    this.#next = next;
    this.#reader.rebase();
    this.#active.endAll();
  }

  /** Takes records without sending anything. */
  async learn(from: number, to: number): Promise<void> {
    const { log, topic, partition } = this.#parts;
    this.#next = from;
    while (this.#next < to) {
      const records = await log.read(topic, partition, this.#next);
      if (records.length === 0) break;
      this.#take(records.filter(({ offset }) => offset < to));
      if (this.#next < records[0]!.offset) break;
    }
    await this.#save();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { log, topic, partition } = this.#parts;
    for await (const records of log.follow(topic, partition, this.#next, signal)) {
      for (const step of stepsOf(records)) {
        const requests = this.#take(step);
        await this.#send(requests, signal);
        // Ends of ticks alone are read again at no cost.
        const isDue = requests.some((some) => some.length > 0) || this.#next - this.#saved > 1000;
        if (isDue) await this.#save();
        this.#parts.sent(this.#next, step.at(-1)!.timestamp);
        if (this.#next !== step.at(-1)!.offset + 1) {
          this.mustRestart = true;
          return;
        }
      }
    }
  }

  /** Takes records in order; what is to be sent of them, by shard. */
  #take(records: readonly LogRecord[]): SamplesRecord[][] {
    const { topic, shards } = this.#parts;
    const byShard: SamplesRecord[][] = Array.from({ length: shards }, () => []);
    this.#next = records.at(-1)!.offset + 1;
    for (const record of records) {
      const verdict = this.#reader.accept(record);
      if (verdict === 'rewind') {
        this.#next = this.#reader.rewindTo;
        break;
      }
      if (verdict !== 'take') continue;
      if (topic === 'events') {
        this.#active.take(record);
        const samples = this.#active.samples();
        if (samples) byShard[0]!.push(samples);
      } else if (record.value !== null) {
        const { tenant, cluster, encoding = 'snappy' } = record.headers;
        // A cluster's series stay in order.
        const shard = xxh32(utf8(`${tenant}\0${cluster}`)) % shards;
        byShard[shard]!.push({ encoding, value: record.value });
      }
    }
    return byShard;
  }

  async #send(byShard: readonly SamplesRecord[][], signal: AbortSignal): Promise<void> {
    const again = this.#again;
    await Promise.all(
      byShard.map(async (records) => {
        const bytes = again ? 0 : this.#parts.requestBytes;
        for (const request of requestsOf(records, bytes)) {
          await this.#parts.send(request, signal, again);
        }
      }),
    );
    this.#again = false;
  }

  #save(): Promise<void> {
    this.#saved = this.#next;
    const readers = this.#reader.save();
    const active = this.#parts.topic === 'events' ? { active: this.#active.save() } : {};
    return this.#parts.save({ next: this.#next, readers, ...active });
  }
}

/** Records of about `stepBytes` each; every one at least one record. */
function stepsOf(records: readonly LogRecord[]): LogRecord[][] {
  return cut(records, stepBytes);
}

const requestsOf = (records: readonly SamplesRecord[], bytes: number): SamplesRecord[][] =>
  cut(records, bytes);

function cut<R extends { readonly value: Uint8Array | null }>(
  records: readonly R[],
  bytesMax: number,
): R[][] {
  const parts: R[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const record of records) {
    const size = record.value?.length ?? 0;
    if (bytes + size > bytesMax) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)!.push(record);
    bytes += size;
  }
  return parts;
}
