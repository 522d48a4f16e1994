import type { Admin, ConnectionPool, Reader } from '@platformatic/kafka';
import { SeastateError } from '../../core/errors.ts';
import { type Decoded, decodeBatches, type Inflate } from './batches.ts';
import { kafkaError, kafkaErrors } from './errors.ts';
import type { KafkaTopic } from './topics.ts';

type Library = typeof import('@platformatic/kafka');

/** What a fetch of one partition gave. */
export interface Fetched extends Decoded {
  /** Offset after the last record that all in-sync replicas have. */
  readonly head: number;
}

interface Answer {
  readonly error: number;
  readonly head: number;
  readonly first: number;
  readonly records: Buffer;
}

const noRecords = Buffer.alloc(0);

/**
 * Fetches from one partition's leader, without a group: the library's request and connection, our
 * reading of the answer, our handling of leaders that move. Fetch version 13 (Kafka 3.1 on).
 * One Fetcher has one fetch at a time, on connections of its own, so that a wait at the head holds
 * up nobody else.
 */
export class Fetcher {
  readonly #library: Library;
  readonly #admin: Admin;
  readonly #pool: ConnectionPool;
  readonly #topic: KafkaTopic;
  readonly #partition: number;
  readonly #inflate: Inflate;
  #stale = false;

  constructor(
    library: Library,
    admin: Admin,
    pool: ConnectionPool,
    topic: KafkaTopic,
    partition: number,
  ) {
    this.#library = library;
    this.#admin = admin;
    this.#pool = pool;
    this.#topic = topic;
    this.#partition = partition;
    this.#inflate = inflateBy(library);
  }

  /**
   * Records from `offset` on. Rejects with `offset_gone`, `topic_missing`, `topic_replaced` (all
   * for good), or with `log_unavailable`: then the next call asks for the leader anew.
   */
  async fetch(offset: number, bytesMax: number, waitMs: number): Promise<Fetched> {
    const what = `reading ${this.#topic.name}/${this.#partition}`;
    try {
      const answer = await this.#ask(offset, bytesMax, waitMs);
      this.#judge(answer, offset, what);
      const decoded = decodeBatches(answer.records, offset, this.#inflate);
      return { ...decoded, head: answer.head };
    } catch (error) {
      this.#stale = true;
      throw kafkaError(error, what);
    }
  }

  async #ask(offset: number, bytesMax: number, waitMs: number): Promise<Answer> {
    const { name, id } = this.#topic;
    const metadata = await this.#admin.metadata({ topics: [name], forceUpdate: this.#stale });
    this.#stale = false;
    const found = metadata.topics.get(name);
    if (found && found.id !== id) throw replaced(name);
    const leader = metadata.brokers.get(found?.partitions[this.#partition]?.leader ?? -1);
    if (!leader) throw unavailable(`${name}/${this.#partition} has no leader now`);
    const connection = await this.#pool.get(leader);
    const request = () =>
      this.#library.fetchV13.createRequest(
        waitMs,
        1,
        bytesMax,
        1,
        0,
        -1,
        [{ topicId: id, partitions: [this.#want(offset, bytesMax)] }],
        [],
        '',
      );
    return new Promise((resolve, reject) => {
      const done = (error: Error | null, answer?: Answer): void =>
        error ? reject(error) : resolve(answer!);
      connection.send(1, 13, request, readAnswer, true, true, done);
    });
  }

  #want(offset: number, bytesMax: number) {
    return {
      partition: this.#partition,
      currentLeaderEpoch: -1,
      fetchOffset: BigInt(offset),
      lastFetchedEpoch: -1,
      partitionMaxBytes: bytesMax,
    };
  }

  #judge(answer: Answer, offset: number, what: string): void {
    if (answer.error === 0) return;
    const { name } = this.#topic;
    if (answer.error === kafkaErrors.offsetOutOfRange) throw gone(what, offset, answer);
    if (answer.error === kafkaErrors.unknownTopicId || answer.error === kafkaErrors.unknownTopic) {
      throw new SeastateError('topic_missing', `${what}: ${name} was deleted`, { retry: 'later' });
    }
    if (answer.error === kafkaErrors.topicDenied) {
      throw new SeastateError('log_denied', `${what}: no right to read it`, { retry: 'later' });
    }
    throw unavailable(`${what}: error ${answer.error} (the leader moves)`);
  }
}

const unavailable = (message: string): SeastateError =>
  new SeastateError('log_unavailable', message, { retry: 'later' });

export function gone(
  what: string,
  offset: number,
  bounds: { first: number; head: number },
): SeastateError {
  const { first, head } = bounds;
  // A broker that answers with an error does not always fill in its bounds.
  const held = first >= 0 ? `it holds ${first} to ${head}` : 'it is not there any more';
  return new SeastateError(
    'offset_gone',
    `${what}: offset ${offset} is gone (${held}): retention passed it before it was read. ` +
      'Lengthen retention.ms; go on by skip or rekey, in a new epoch',
  );
}

function replaced(name: string): SeastateError {
  return new SeastateError(
    'topic_replaced',
    `topic ${name} was deleted and made anew: offsets of the old one mean nothing in it. ` +
      'Restart, and move the state by rekey',
  );
}

/** Reads a fetch response of version 13 that asks for one partition. */
function readAnswer(_id: number, _key: number, _version: number, reader: Reader): Answer {
  reader.readInt32();
  const whole = reader.readInt16();
  reader.readInt32();
  const answers = reader.readArray(
    (topic) => {
      topic.readUUID();
      return topic.readArray((part) => readPartition(part), true, false);
    },
    true,
    true,
  );
  const answer = answers?.[0]?.[0] ?? { error: 0, head: -1, first: -1, records: noRecords };
  return whole === 0 ? answer : { ...answer, error: whole };
}

function readPartition(reader: Reader): Answer {
  reader.readInt32();
  const error = reader.readInt16();
  const head = Number(reader.readInt64());
  reader.readInt64();
  const first = Number(reader.readInt64());
  reader.readNullableArray((aborted) => {
    aborted.readInt64();
    aborted.readInt64();
  });
  reader.readInt32();
  const length = reader.readUnsignedVarInt() - 1;
  const { position } = reader;
  const records = length > 0 ? reader.buffer.slice(position, position + length) : noRecords;
  if (length > 0) reader.skip(length);
  reader.readTaggedFields();
  return { error, head, first, records };
}

function inflateBy(library: Library): Inflate {
  return (codec, bytes) => {
    const algorithm = library.compressionsAlgorithmsByBitmask[String(codec)];
    if (!algorithm) throw new SeastateError('log_unreadable', `codec ${codec} is unknown`);
    // Some codecs answer with a view of their own memory, which the next call overwrites.
    return Buffer.from(algorithm.decompressSync(bytes));
  };
}
