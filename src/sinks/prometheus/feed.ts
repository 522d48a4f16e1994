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
  /**
   * Bytes that may have been sent before: one step, however the log's reads cut it now. Their
   * requests may not be cut in another way then, so every record goes alone.
   */
  #againBytes: number;
  mustRestart = false;

  constructor(parts: FeedParts) {
    this.#parts = parts;
    this.#reader = new NumberedReader({ onLoss: parts.lost });
    this.#next = parts.place?.next ?? 0;
    this.#againBytes = parts.place === undefined ? 0 : stepBytes;
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
      const read = await log.read(topic, partition, this.#next);
      const records = read.filter(({ offset }) => offset < to);
      if (records.length === 0) break;
      // A loss among them sends it back a little; each one does so once.
      this.#take(records);
    }
    await this.#save();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { log, topic, partition } = this.#parts;
    for await (const records of log.follow(topic, partition, this.#next, signal)) {
      for (const step of cut(records, stepBytes)) {
        const taken = this.#take(step);
        await this.#send(taken, this.#againBytes > 0, signal);
        this.#againBytes -= step.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
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

  async #send(records: readonly OwnedRecord[], again: boolean, signal: AbortSignal): Promise<void> {
    const { send, shards } = this.#parts;
    const requestBytes = again ? 0 : this.#parts.requestBytes;
    await sendAll(records, { shards, requestBytes }, (some) => send(some, signal, again));
  }

  #save(): Promise<void> {
    this.#saved = this.#next;
    const readers = this.#reader.save();
    const active = this.#parts.topic === 'events' ? { active: this.#active.save() } : {};
    return this.#parts.save({ next: this.#next, readers, ...active });
  }
}
