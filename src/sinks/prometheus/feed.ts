import type { Log, LogRecord } from '../../log/log.ts';
import { type Loss, NumberedReader } from '../../log/numbering.ts';
import type { SamplesRecord } from '../remote-write/bodies.ts';
import { cut, type OwnedRecord, ownedRecord, sendAll } from '../remote-write/shards.ts';
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
      for (const step of cut(records, stepBytes)) {
        const taken = this.#take(step);
        await this.#send(taken, signal);
        this.mustRestart = this.#next !== step.at(-1)!.offset + 1;
        // Ends of ticks alone are read again at no cost; a loss must not be found once more.
        const isDue = this.mustRestart || taken.length > 0 || this.#next - this.#saved > 1000;
        if (isDue) await this.#save();
        this.#parts.sent(this.#next, step.at(-1)!.timestamp);
        if (this.mustRestart) return;
      }
    }
  }

  /** Takes records in order; what is to be sent of them. */
  #take(records: readonly LogRecord[]): OwnedRecord[] {
    const taken: OwnedRecord[] = [];
    this.#next = records.at(-1)!.offset + 1;
    for (const record of records) {
      const verdict = this.#reader.accept(record);
      if (verdict === 'rewind') {
        this.#next = this.#reader.rewindTo;
        break;
      }
      if (verdict !== 'take') continue;
      if (this.#parts.topic === 'events') {
        this.#active.take(record);
        const samples = this.#active.samples();
        if (samples) taken.push({ ...samples, owner: 'events' });
      } else if (record.value !== null) taken.push(ownedRecord(record.headers, record.value));
    }
    return taken;
  }

  async #send(records: readonly OwnedRecord[], signal: AbortSignal): Promise<void> {
    const again = this.#again;
    const { send, shards } = this.#parts;
    const requestBytes = again ? 0 : this.#parts.requestBytes;
    await sendAll(records, { shards, requestBytes }, (some) => send(some, signal, again));
    this.#again = false;
  }

  #save(): Promise<void> {
    this.#saved = this.#next;
    const readers = this.#reader.save();
    const active = this.#parts.topic === 'events' ? { active: this.#active.save() } : {};
    return this.#parts.save({ next: this.#next, readers, ...active });
  }
}
