import type { ByteReader, ByteWriter } from '../core/bytes.ts';
import { SeastateError } from '../core/errors.ts';
import type { LogRecord } from '../log/log.ts';
import { NumberedReader, parseFrom } from '../log/numbering.ts';
import { readRecord, writeRecord } from '../log/record-codec.ts';

/** One upstream partition of one topic: `topic` and `stage/partition`. */
export interface Upstream {
  readonly topic: string;
  readonly writer: string;
}

interface Waiting {
  readonly tick: number;
  readonly writer: string;
  readonly number: number;
  readonly topic: string;
  readonly record: LogRecord;
}

/**
 * Brings the outputs of several upstream partitions into one order that depends on their content
 * alone: (tick, writer, topic, number). A record waits until every upstream has said that its tick
 * is done. An upstream that is dead is left out by `release`, never by a clock.
 */
export class Merge {
  readonly #upstreams: readonly Upstream[];
  readonly #waitingMax: number;
  readonly #readers = new Map<string, NumberedReader>();
  /** Last tick that is done, by `topic writer`; those left out are not here. */
  #done: Map<string, number>;
  #waiting: Waiting[] = [];

  constructor(upstreams: readonly Upstream[], waitingMax = 1_000_000) {
    this.#upstreams = upstreams;
    this.#waitingMax = waitingMax;
    this.#done = new Map(upstreams.map((upstream) => [keyOf(upstream), -1]));
  }

  /** Records that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Takes the next record of a topic's partition; returns those whose turn has come, in order. */
  take(topic: string, record: LogRecord): LogRecord[] {
    const from = parseFrom(record.headers['from'] ?? '');
    if (!from || this.#reader(topic).accept(record) !== 'take') return [];
    const writer = `${from.stage}/${from.partition}`;
    const tick = Number(record.headers['tick']);
    if (record.headers['kind'] !== 'tick') {
      if (this.#waiting.length >= this.#waitingMax) throw this.#full();
      const number = Number(record.headers['number']);
      this.#waiting.push({ tick, writer, number, topic, record });
      return [];
    }
    const key = keyOf({ topic, writer });
    // One that was left out and speaks again is heard again.
    this.#done.set(key, Math.max(tick, this.#done.get(key) ?? -1));
    return this.#ready();
  }

  /** Goes on without an upstream. */
  release(writer: string): LogRecord[] {
    for (const upstream of this.#upstreams) {
      if (upstream.writer === writer) this.#done.delete(keyOf(upstream));
    }
    return this.#ready();
  }

  #reader(topic: string): NumberedReader {
    let reader = this.#readers.get(topic);
    if (!reader) {
      // A gap never passes by itself: what follows it would come in another order elsewhere.
      reader = new NumberedReader({ gapMs: Number.POSITIVE_INFINITY });
      this.#readers.set(topic, reader);
    }
    return reader;
  }

  #ready(): LogRecord[] {
    const done = Math.min(...this.#done.values());
    const ready = this.#waiting.filter(({ tick }) => tick <= done);
    if (ready.length === 0) return [];
    this.#waiting = this.#waiting.filter(({ tick }) => tick > done);
    return ready.sort(inOrder).map(({ record }) => record);
  }

  #full(): SeastateError {
    const slowest = [...this.#done].sort(([, a], [, b]) => a - b)[0];
    return new SeastateError(
      'merge_full',
      `${this.#waitingMax} records wait for ${slowest?.[0]}, done up to tick ${slowest?.[1]}: start ` +
        'what writes it, or leave it out by a release record',
    );
  }

  save(out: ByteWriter): void {
    const readers = [...this.#readers].map(([topic, reader]) => [topic, reader.save()]);
    out.text(JSON.stringify({ readers, done: [...this.#done] }));
    out.u32(this.#waiting.length);
    for (const { tick, writer, number, topic, record } of this.#waiting) {
      out.text(JSON.stringify([tick, writer, number, topic]));
      writeRecord(out, record);
    }
  }

  load(input: ByteReader): void {
    const { readers, done } = JSON.parse(input.text());
    this.#readers.clear();
    for (const [topic, state] of readers) this.#reader(topic).load(state);
    this.#done = new Map(done);
    this.#waiting = Array.from({ length: input.u32() }, () => {
      const [tick, writer, number, topic] = JSON.parse(input.text());
      const record = readRecord(input);
      return { tick, writer, number, topic, record };
    });
  }
}

const keyOf = ({ topic, writer }: Upstream): string => `${topic} ${writer}`;

function inOrder(a: Waiting, b: Waiting): number {
  if (a.tick !== b.tick) return a.tick - b.tick;
  if (a.writer !== b.writer) return a.writer < b.writer ? -1 : 1;
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.number - b.number;
}
