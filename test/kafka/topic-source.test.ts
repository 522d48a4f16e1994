import { Admin, Producer } from '@platformatic/kafka';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TopicFormat } from '../../src/config/sources.ts';
import { SeastateError } from '../../src/core/errors.ts';
import { WriteColumns } from '../../src/formats/remote-write/columns.ts';
import { decodeV2 } from '../../src/formats/remote-write/decode-v2.ts';
import { encodeRequest, encodeRequestV1 } from '../../src/formats/remote-write/encode.ts';
import { defaultWriteLimits } from '../../src/formats/remote-write/limits.ts';
import { compress, decompress, Scratch } from '../../src/formats/snappy/snappy.ts';
import { writeVectorText } from '../../src/formats/vector/write.ts';
import type { NewRecord } from '../../src/log/log.ts';
import { type RejectedData, rejectedData } from '../../src/log/rejected.ts';
import type { SourceAnswer } from '../../src/sources/kafka-topic/delivery.ts';
import type { MadeRequest } from '../../src/sources/kafka-topic/made.ts';
import { TopicSource } from '../../src/sources/kafka-topic/topic-source.ts';
import { type Broker, hasKafka, startBroker } from '../parts/kafka.ts';

const dataOf = ({ value }: NewRecord): RejectedData =>
  rejectedData.parse(JSON.parse(Buffer.from(value!).toString()).data);

describe.skipIf(!hasKafka())('a topic of others as a source', () => {
  let broker: Broker;
  let admin: Admin;
  let producer: Producer;
  beforeAll(async () => {
    broker = await startBroker();
    const client = { clientId: 'test', bootstrapBrokers: [broker.address] };
    admin = new Admin(client);
    // Without it a repeat on a busy machine would stand in the topic twice.
    producer = new Producer({ ...client, idempotent: true, retries: 20 });
  });
  afterAll(async () => {
    await producer?.close();
    await admin?.close();
    await broker?.close();
  });

  let serial = 0;
  async function topicWith(
    records: readonly { partition: number; timestamp: number; value: string | Uint8Array }[],
  ): Promise<string> {
    const topic = `foreign-${++serial}`;
    await admin.createTopics({ topics: [topic], partitions: 4, replicas: 1 });
    await send(topic, records);
    return topic;
  }
  const send = (
    topic: string,
    records: readonly { partition: number; timestamp: number; value: string | Uint8Array }[],
  ) =>
    producer.send({
      acks: -1,
      messages: records.map(({ partition, timestamp, value }) => ({
        topic,
        partition,
        timestamp: BigInt(timestamp),
        value: Buffer.from(value),
      })),
    });

  /** Where it stands still, records wait for slower partitions as long as it takes. */
  let elapsed = () => performance.now();
  const requests: MadeRequest[] = [];
  const rejected: NewRecord[] = [];
  async function sourceOf(
    topic: string,
    format: TopicFormat,
    answers: SourceAnswer['outcome'][] = [],
    isRefused: (request: MadeRequest) => boolean = () => false,
    start: 'earliest' | 'latest' = 'earliest',
  ): Promise<TopicSource> {
    requests.length = 0;
    rejected.length = 0;
    return TopicSource.open(
      {
        name: 'foreign',
        tenant: 't',
        kafka: { brokers: [broker.address] },
        topic,
        format,
        group: 'seastate',
        start,
        holdMs: 300,
        commitMs: 50,
      },
      {
        write: async (request) => {
          const outcome = isRefused(request) ? 'rejected' : (answers.shift() ?? 'written');
          if (outcome === 'written') requests.push(request);
          return { outcome, written: { samples: request.samples, histograms: 0 } };
        },
        reject: async (records) => {
          // As a log does: no more than this at once.
          const size = Buffer.byteLength(records[0]!.value!);
          if (size > 700) throw new SeastateError('record_too_large', `${size} bytes`);
          rejected.push(...records);
        },
        append: async () => {},
        now: () => now,
        elapsed: () => elapsed(),
        warn: () => {},
      },
    );
  }

  /** Brokers refuse records of the future, and take away those of last week. */
  const now = Date.now() - 60_000;
  const line = (i: number) =>
    writeVectorText(
      [
        ['__name__', 'up'],
        ['instance', `host ${i % 7}`],
      ],
      now + i,
      i,
    );

  function samplesOf(made: readonly MadeRequest[]): [time: number, value: number][] {
    const columns = new WriteColumns();
    return made.flatMap(({ body }) => {
      decodeV2(decompress(body, 1 << 24, new Scratch()), defaultWriteLimits, columns);
      const { times, values, sampleCount } = columns;
      return Array.from({ length: sampleCount }, (_, i): [number, number] => [
        times[i]! - now,
        values[i]!,
      ]);
    });
  }

  test('scattered over partitions, samples come in the order of their time', async () => {
    const topic = await topicWith(
      Array.from({ length: 2_000 }, (_, i) => ({
        partition: (i * 7) % 4,
        timestamp: now + i,
        value: line(i),
      })),
    );
    const source = await sourceOf(topic, 'vector-text', ['later', 'written']);
    elapsed = () => 0;
    const running = source.run();
    // The last ones wait for partitions that have no more.
    await expect.poll(() => source.counters.samples).toBeGreaterThan(1_990);
    elapsed = () => performance.now();
    await expect.poll(() => source.counters.samples).toBe(2_000);
    expect(samplesOf(requests)).toEqual(Array.from({ length: 2_000 }, (_, i) => [i, i]));
    expect(source.counters.retries).toBe(1);
    await source.close();
    await running;
  });

  test('what was acknowledged is not read again; what does not parse is kept as it came', async () => {
    const topic = await topicWith([
      { partition: 1, timestamp: now, value: line(0) },
      { partition: 1, timestamp: now + 1, value: 'of another team' },
      { partition: 2, timestamp: now + 2, value: line(2) },
    ]);
    const first = await sourceOf(topic, 'vector-text');
    const running = first.run();
    await expect.poll(() => first.counters.records).toBe(3);
    await first.close();
    await running;
    // Two partitions: a slow one comes later.
    expect(samplesOf(requests).sort(([a], [b]) => a - b)).toEqual([
      [0, 0],
      [2, 2],
    ]);
    expect(rejected.map(dataOf)).toEqual([
      {
        source: 'kafka/foreign',
        topic,
        partition: 1,
        offset: 1,
        format: 'vector-text',
        reason: 'bad_timestamp',
        error: 'not readable as vector-text: bad timestamp',
        headers: {},
        value: Buffer.from('of another team').toString('base64'),
        size: 15,
        truncated: false,
      },
    ]);
    await send(topic, [{ partition: 1, timestamp: now + 3, value: line(3) }]);
    const second = await sourceOf(topic, 'vector-text');
    const again = second.run();
    await expect.poll(() => second.counters.records).toBe(1);
    await second.close();
    await again;
    expect(samplesOf(requests)).toEqual([[3, 3]]);
  });

  test('raw remote write requests, compressed or not, of either protocol', async () => {
    const series = [{ labels: [['__name__', 'up']] as const, samples: [{ time: now, value: 1 }] }];
    const plain = {
      'remote-write-1': encodeRequestV1(series),
      'remote-write-2': encodeRequest(series),
    };
    for (const format of ['remote-write-1', 'remote-write-2'] as const) {
      const bytes = plain[format];
      const topic = await topicWith([
        { partition: 0, timestamp: now, value: bytes },
        { partition: 0, timestamp: now + 1, value: compress(bytes) },
        { partition: 0, timestamp: now + 2, value: 'neither' },
      ]);
      const source = await sourceOf(topic, format);
      const running = source.run();
      await expect.poll(() => source.counters.records).toBe(3);
      await source.close();
      await running;
      expect(requests.map((request) => request.protocol)).toEqual(
        format === 'remote-write-1' ? [1, 1] : [2, 2],
      );
      for (const request of requests) {
        expect(decompress(request.body, 1 << 20, new Scratch())).toEqual(bytes);
      }
      expect(rejected.map((one) => dataOf(one).reason)).toEqual(['not_a_request']);
    }
  });

  test('what the gateway refuses is found by halves, and too much of it is left out', async () => {
    const topic = await topicWith(
      Array.from({ length: 40 }, (_, i) => ({
        partition: 0,
        timestamp: now + i,
        value:
          i % 20 === 7 ? writeVectorText([['__name__', 'x'.repeat(200)]], now + i, i) : line(i),
      })),
    );
    const source = await sourceOf(topic, 'vector-text', [], (request) =>
      Buffer.from(decompress(request.body, 1 << 20, new Scratch())).includes('xxxx'),
    );
    const running = source.run();
    await expect.poll(() => [source.counters.records, rejected.length]).toEqual([40, 2]);
    await source.close();
    await running;
    expect(rejected.map((one) => dataOf(one).offset)).toEqual([7, 27]);
    expect(dataOf(rejected[0]!)).toMatchObject({ reason: 'refused', value: '', truncated: true });
    const times = new Set(samplesOf(requests).map(([time]) => time));
    expect(times.size).toBe(38);
  });

  test('partitions that were added are read from their first record, by a source opened anew', async () => {
    const topic = await topicWith([{ partition: 0, timestamp: now, value: line(0) }]);
    const first = await sourceOf(topic, 'vector-text');
    const running = first.run();
    await expect.poll(() => first.counters.records).toBe(1);
    const grown = expect(running).rejects.toMatchObject({ code: 'topic_grew' });
    await admin.createPartitions({ topics: [{ name: topic, count: 6 }] });
    await grown;
    await first.close();
    await producer.metadata({ topics: [topic], forceUpdate: true });
    await send(topic, [{ partition: 5, timestamp: now + 1, value: line(1) }]);
    const second = await sourceOf(topic, 'vector-text', [], () => false, 'latest');
    expect(second.partitions).toBe(6);
    const again = second.run();
    await expect.poll(() => second.counters.records).toBe(1);
    await second.close();
    await again;
    expect(samplesOf(requests)).toEqual([[1, 1]]);
  });

  test('a topic that is not there is named', async () => {
    // A broker that stands still for a moment may be said not to answer.
    const said = () =>
      sourceOf('nowhere', 'vector-text').then(
        () => '',
        ({ code, message }) => `${code}: ${message}`,
      );
    await expect.poll(said).toMatch(/^topic_missing: .*nowhere/);
  });
});
