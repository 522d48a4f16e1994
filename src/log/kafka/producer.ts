import type { MessageToProduce, Producer } from '@platformatic/kafka';
import { SeastateError } from '../../core/errors.ts';
import type { Headers, NewRecord } from '../log.ts';
import { findCause, hasApiCode, kafkaError, kafkaErrors } from './errors.ts';
import type { KafkaLimits } from './options.ts';
import type { KafkaTopic } from './topics.ts';

type Message = MessageToProduce<Buffer, Buffer, Buffer, Buffer>;

/** One append that waits: `done` of its records are acknowledged. */
interface Pending {
  readonly topic: KafkaTopic;
  readonly partition: number;
  readonly records: readonly NewRecord[];
  readonly sizes: readonly number[];
  readonly bytes: number;
  readonly deadline: number;
  done: number;
  firstOffset: number;
  settled: boolean;
  readonly resolve: (offset: number) => void;
  readonly reject: (error: Error) => void;
}

/** Records of one append in a send: `count` from its `done` on. */
interface Slice {
  readonly pending: Pending;
  readonly count: number;
}

/** What one send carries to one partition: one batch. */
interface Batch {
  readonly key: string;
  readonly slices: Slice[];
}

const recordOverhead = 32;
const batchOverhead = 128;
const backoffMs = 200;

/**
 * Appends in order per partition: one send in flight, which carries what has come together
 * meanwhile, at most one batch per partition and no batch above the topic's limit. An append
 * resolves when all in-sync replicas have it; it rejects at its deadline, and at once when too
 * many bytes wait. A send that failed is repeated until the deadline of what is in it.
 */
export class KafkaWriter {
  readonly #producer: Producer;
  readonly #limits: KafkaLimits;
  readonly #now: () => number;
  readonly #queues = new Map<string, Pending[]>();
  readonly #headers = new Map<string, Buffer>();
  #bytes = 0;
  #running = false;
  #open = 0;
  #onIdle: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #trouble: unknown;
  sends = 0;
  sendsFailed = 0;

  /** `now` in ms, monotonic. */
  constructor(producer: Producer, limits: KafkaLimits, now: () => number) {
    this.#producer = producer;
    this.#limits = limits;
    this.#now = now;
  }

  /** Bytes that wait for an acknowledgement. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  append(topic: KafkaTopic, partition: number, records: readonly NewRecord[]): Promise<number> {
    if (records.length === 0) return Promise.resolve(-1);
    const sizes = records.map(sizeOf);
    let bytes = 0;
    for (const size of sizes) {
      if (size + batchOverhead > topic.batchBytes) return Promise.reject(tooLarge(topic, size));
      bytes += size;
    }
    if (this.#closed) return Promise.reject(unavailable(`${topic.name}: the log is closed`));
    if (this.#bytes > 0 && this.#bytes + bytes > this.#limits.pendingBytes) {
      const message = `${topic.name}: ${this.#bytes} bytes wait for the brokers already`;
      return Promise.reject(this.#unavailable(message));
    }
    this.#bytes += bytes;
    const deadline = this.#now() + this.#limits.deadlineMs;
    return new Promise((resolve, reject) => {
      const state = { done: 0, firstOffset: -1, settled: false, resolve, reject };
      this.#enqueue({ topic, partition, records, sizes, bytes, deadline, ...state });
    });
  }

  /** Waits until what was appended is settled, at most its deadline; takes nothing new. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#open > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
  }

  #enqueue(pending: Pending): void {
    const key = `${pending.topic.name}/${pending.partition}`;
    const queue = this.#queues.get(key);
    if (queue) queue.push(pending);
    else this.#queues.set(key, [pending]);
    this.#timer ??= setTimeout(() => this.#expire(), this.#limits.deadlineMs);
    this.#open++;
    if (!this.#running) void this.#run();
  }

  #settle(pending: Pending, outcome: number | Error): void {
    if (pending.settled) return;
    pending.settled = true;
    if (typeof outcome === 'number') pending.resolve(outcome);
    else pending.reject(outcome);
    if (--this.#open === 0) this.#onIdle?.();
  }

  /** Rejects what is past its deadline; bytes in flight stay counted until their send ends. */
  #expire(): void {
    const now = this.#now();
    let earliest = Number.POSITIVE_INFINITY;
    for (const queue of this.#queues.values()) {
      for (const pending of queue) {
        if (pending.settled) continue;
        if (pending.deadline > now) {
          earliest = Math.min(earliest, pending.deadline);
          continue;
        }
        const waited = `${this.#limits.deadlineMs} ms without an acknowledgement`;
        this.#settle(pending, this.#unavailable(`${pending.topic.name}: ${waited}`));
      }
    }
    this.#timer = Number.isFinite(earliest)
      ? setTimeout(() => this.#expire(), Math.max(1, earliest - now))
      : undefined;
  }

  async #run(): Promise<void> {
    this.#running = true;
    const { lingerMs } = this.#limits;
    if (lingerMs > 0) await sleep(lingerMs);
    else await new Promise((resolve) => setImmediate(resolve));
    for (;;) {
      this.#dropSettled();
      const batches = this.#take();
      if (batches.length === 0) break;
      await this.#send(batches);
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running = false;
  }

  async #send(batches: readonly Batch[]): Promise<void> {
    this.sends++;
    try {
      const result = await this.#producer.send({ messages: this.#messages(batches) });
      this.#trouble = undefined;
      this.#acknowledge(batches, offsetsOf(result.offsets));
    } catch (error) {
      this.sendsFailed++;
      this.#trouble = error;
      // Some partitions may have taken their batch: those are acknowledged, not repeated.
      const left = this.#acknowledge(batches, producedOf(error));
      if (hasApiCode(error, kafkaErrors.messageTooLarge, kafkaErrors.recordListTooLarge)) {
        this.#refuse(left, error);
      } else {
        await sleep(backoffMs);
      }
    }
  }

  /** The batch of every partition that waits, within the limits of a batch and of a send. */
  #take(): Batch[] {
    const batches: Batch[] = [];
    let total = 0;
    for (const [key, queue] of this.#queues) {
      const room = queue[0]!.topic.batchBytes - batchOverhead;
      const slices: Slice[] = [];
      let bytes = 0;
      for (const pending of queue) {
        let count = 0;
        for (let i = pending.done; i < pending.records.length; i++) {
          if (bytes + pending.sizes[i]! > room) break;
          bytes += pending.sizes[i]!;
          count++;
        }
        if (count > 0) slices.push({ pending, count });
        if (pending.done + count < pending.records.length) break;
      }
      batches.push({ key, slices });
      total += bytes;
      if (total >= this.#limits.sendBytes) break;
    }
    // Next time the others come first: partitions with ever more to send must not starve them.
    for (const { key } of batches) {
      const queue = this.#queues.get(key)!;
      this.#queues.delete(key);
      this.#queues.set(key, queue);
    }
    return batches;
  }

  #messages(batches: readonly Batch[]): Message[] {
    const messages: Message[] = [];
    for (const { slices } of batches) {
      for (const { pending, count } of slices) {
        const { topic, partition, records, done } = pending;
        for (let i = done; i < done + count; i++) {
          const { headers, value } = records[i]!;
          messages.push({
            topic: topic.name,
            partition,
            headers: this.#encode(headers),
            value: value as Buffer,
          });
        }
      }
    }
    return messages;
  }

  #encode(headers: Headers): Map<Buffer, Buffer> {
    const encoded = new Map<Buffer, Buffer>();
    for (const name of Object.keys(headers)) {
      let key = this.#headers.get(name);
      if (!key) {
        key = Buffer.from(name);
        this.#headers.set(name, key);
      }
      encoded.set(key, Buffer.from(headers[name]!));
    }
    return encoded;
  }

  /** Takes the batches whose base offset is known as done; returns the others. */
  #acknowledge(batches: readonly Batch[], bases: ReadonlyMap<string, number>): Batch[] {
    const left: Batch[] = [];
    for (const batch of batches) {
      const base = bases.get(batch.key);
      if (base === undefined) {
        left.push(batch);
        continue;
      }
      let offset = base;
      for (const { pending, count } of batch.slices) {
        if (pending.done === 0) pending.firstOffset = offset;
        pending.done += count;
        offset += count;
        if (pending.done === pending.records.length) this.#settle(pending, pending.firstOffset);
      }
    }
    return left;
  }

  /** The topic's limit was lowered behind our back: what is in these batches does not fit. */
  #refuse(batches: readonly Batch[], error: unknown): void {
    for (const { slices } of batches) {
      for (const { pending } of slices) {
        this.#settle(pending, kafkaError(error, pending.topic.name));
      }
    }
  }

  #dropSettled(): void {
    for (const [key, queue] of this.#queues) {
      const open = queue.filter((pending) => {
        if (pending.settled) this.#bytes -= pending.bytes;
        return !pending.settled;
      });
      if (open.length === 0) this.#queues.delete(key);
      else this.#queues.set(key, open);
    }
  }

  #unavailable(message: string): SeastateError {
    return this.#trouble === undefined ? unavailable(message) : kafkaError(this.#trouble, message);
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const unavailable = (message: string): SeastateError =>
  new SeastateError('log_unavailable', message, { retry: 'later' });

function tooLarge(topic: KafkaTopic, size: number): SeastateError {
  const message =
    `${topic.name}: a record of ${size} bytes is above the topic's max.message.bytes of ` +
    `${topic.batchBytes}; send smaller requests or raise it`;
  return new SeastateError('record_too_large', message);
}

function sizeOf(record: NewRecord): number {
  let bytes = recordOverhead + (record.value?.length ?? 0);
  for (const name of Object.keys(record.headers)) {
    bytes += 8 + Buffer.byteLength(name) + Buffer.byteLength(record.headers[name]!);
  }
  return bytes;
}

interface Produced {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

const offsetsOf = (offsets: readonly Produced[] = []): Map<string, number> =>
  new Map(offsets.map((one) => [`${one.topic}/${one.partition}`, Number(one.offset)]));

/** Base offsets that a failed send got all the same, from the answers inside its error. */
function producedOf(error: unknown): Map<string, number> {
  const found = new Map<string, number>();
  findCause(error, (one) => {
    const { produced, response } = one as {
      produced?: { offsets?: Produced[] };
      response?: { responses?: PartialAnswer[] };
    };
    for (const [key, offset] of offsetsOf(produced?.offsets)) found.set(key, offset);
    for (const topic of response?.responses ?? []) {
      for (const part of topic.partitionResponses ?? []) {
        if (part.errorCode !== 0) continue;
        found.set(`${topic.name}/${part.index}`, Number(part.baseOffset));
      }
    }
    return false;
  });
  return found;
}

interface PartialAnswer {
  readonly name: string;
  readonly partitionResponses?: readonly {
    readonly index: number;
    readonly errorCode: number;
    readonly baseOffset: bigint;
  }[];
}
