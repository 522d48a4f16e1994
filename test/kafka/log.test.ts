import { Admin } from '@platformatic/kafka';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { KafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { openKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import type { KafkaOptions } from '../../src/log/kafka/options.ts';
import type { LogRecord, NewRecord } from '../../src/log/log.ts';
import { type Broker, hasKafka, startBroker } from '../parts/kafka.ts';

const record = (text: string, headers: Record<string, string> = {}): NewRecord => ({
  headers,
  value: Buffer.from(text),
});
const textOf = (one: LogRecord): string => (one.value ? Buffer.from(one.value).toString() : '-');

let serial = 0;
const topicName = (): string => `t${++serial}`;

describe.skipIf(!hasKafka())('the log on a real broker', () => {
  let broker: Broker;
  let admin: Admin;

  beforeAll(async () => {
    broker = await startBroker();
    admin = new Admin({ clientId: 'test', bootstrapBrokers: [broker.address] });
  });
  afterAll(async () => {
    await admin?.close();
    await broker?.close();
  });

  async function open(options: Partial<KafkaOptions> = {}): Promise<KafkaLog> {
    const topics = options.topics ?? [{ name: topicName(), partitions: 4 }];
    const log = await openKafkaLog({ brokers: [broker.address], ...options, topics });
    onTestFinished(() => log.close());
    return log;
  }
  const nameOf = (log: KafkaLog): string => [...log.topics.keys()][0]!;

  async function configOf(topic: string, key: string): Promise<string | null | undefined> {
    const [found] = await admin.describeConfigs({
      resources: [{ resourceType: 2, resourceName: topic }],
    });
    return found!.configs.find((one) => one.name === key)?.value;
  }

  test('missing topics are created with the settings that log time and retention need', async () => {
    const names = { telemetry: topicName(), alerts: topicName() };
    const hour = 3_600_000;
    const topics = [
      { name: 'telemetry', partitions: 3 },
      { name: 'alerts', partitions: 1 },
    ];
    await open({ names, topics, retentionMs: { input: 2 * hour } });
    expect(await configOf(names.telemetry, 'message.timestamp.type')).toBe('LogAppendTime');
    expect(await configOf(names.telemetry, 'retention.ms')).toBe(String(2 * hour));
    expect(await configOf(names.alerts, 'retention.ms')).toBe(String(14 * 24 * hour));
    expect(await configOf(names.telemetry, 'unclean.leader.election.enable')).toBe('false');
  });

  test('a topic that exists is checked, and the error says what to do', async () => {
    const name = topicName();
    await admin.createTopics({ topics: [name], partitions: 2, replicas: 1 });
    const brokers = [broker.address];
    const opening = (partitions: number) =>
      openKafkaLog({ brokers, topics: [{ name, partitions }] });
    await expect(opening(3)).rejects.toMatchObject({
      code: 'topic_mismatch',
      message: expect.stringContaining('it has 2 partitions, not 3'),
    });
    await expect(opening(2)).rejects.toThrow('LogAppendTime');
    const topics = [{ name: 'never-made', partitions: 1 }];
    await expect(openKafkaLog({ brokers, topics, create: false })).rejects.toMatchObject({
      code: 'topic_missing',
    });
  });

  test('records come back in order, with headers, marks and the time of the broker', async () => {
    const log = await open();
    const topic = nameOf(log);
    const before = Date.now();
    const first = await log.append(topic, 2, [
      record('a', { kind: 'samples', tenant: 'ä' }),
      { headers: { kind: 'tick' }, value: null },
      { headers: {}, value: Buffer.alloc(0) },
    ]);
    expect(await log.append(topic, 2, [record('b')])).toBe(first + 3);
    const records = await log.read(topic, 2, first);
    expect(records.map((one) => one.offset)).toEqual([0, 1, 2, 3]);
    expect(records.map((one) => one.headers)).toEqual([
      { kind: 'samples', tenant: 'ä' },
      { kind: 'tick' },
      {},
      {},
    ]);
    expect(records.map(textOf)).toEqual(['a', '-', '', 'b']);
    for (const one of records) {
      expect(one.timestamp).toBeGreaterThanOrEqual(before - 1);
      expect(one.timestamp).toBeLessThanOrEqual(Date.now() + 1);
    }
    expect(await log.read(topic, 2, 4)).toEqual([]);
    expect(await log.bounds(topic, 2)).toEqual({ first: 0, next: 4 });
  });

  test('many appends at once share sends, keep their order and get the right offsets', async () => {
    const log = await open({ limits: { sendBytes: 50_000 } });
    const topic = nameOf(log);
    const appends = Array.from({ length: 400 }, (_, i) =>
      log.append(topic, i % 4, [record(`${i}.0 ${'x'.repeat(500)}`), record(`${i}.1`)]),
    );
    const offsets = await Promise.all(appends);
    for (let partition = 0; partition < 4; partition++) {
      const texts: string[] = [];
      for (let at = 0; at < 200; ) {
        const records = await log.read(topic, partition, at, 20_000);
        texts.push(...records.map((one) => textOf(one).split(' ')[0]!));
        at += records.length;
      }
      const own = offsets
        .map((offset, i) => [i, offset] as const)
        .filter(([i]) => i % 4 === partition);
      expect(texts).toEqual(own.flatMap(([i]) => [`${i}.0`, `${i}.1`]));
      for (const [i, offset] of own) expect(texts[offset]).toBe(`${i}.0`);
    }
  });

  test('offsets by time', async () => {
    const log = await open();
    const topic = nameOf(log);
    await log.append(topic, 0, [record('a')]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const between = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await log.append(topic, 0, [record('b')]);
    expect(await log.offsetAt(topic, 0, 0)).toBe(0);
    expect(await log.offsetAt(topic, 0, between)).toBe(1);
    expect(await log.offsetAt(topic, 0, Date.now() + 60_000)).toBe(2);
  });

  test('a follower gets what comes and ends when told', async () => {
    const log = await open();
    const topic = nameOf(log);
    await log.append(topic, 1, [record('a'), record('b')]);
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const records of log.follow(topic, 1, 1, stop.signal)) {
      seen.push(...records.map(textOf));
      if (seen.length === 1) await log.append(topic, 1, [record('c')]);
      if (seen.length === 2) stop.abort();
    }
    expect(seen).toEqual(['b', 'c']);
  });

  test('a batch is split by size, and a record above the limit is refused alone', async () => {
    const name = topicName();
    await admin.createTopics({
      topics: [name],
      partitions: 1,
      replicas: 1,
      configs: [
        { name: 'max.message.bytes', value: '20000' },
        { name: 'message.timestamp.type', value: 'LogAppendTime' },
      ],
    });
    const log = await open({ topics: [{ name, partitions: 1 }] });
    const big = Array.from({ length: 10 }, (_, i) => record(`${i}`.repeat(6_000)));
    const good = log.append(name, 0, big);
    const bad = log.append(name, 0, [record('x'.repeat(21_000))]);
    await expect(bad).rejects.toMatchObject({ code: 'record_too_large', retry: 'never' });
    expect(await good).toBe(0);
    expect((await log.bounds(name, 0)).next).toBe(10);

    await admin.incrementalAlterConfigs({
      resources: [
        {
          resourceType: 2,
          resourceName: name,
          configs: [{ name: 'max.message.bytes', configOperation: 0, value: '5000' }],
        },
      ],
    });
    await expect
      .poll(() => log.append(name, 0, [record('y'.repeat(6_000))]).then(() => '', codeOf))
      .toBe('record_too_large');
    expect(await log.append(name, 0, [record('small')])).toBeGreaterThan(9);
  });

  test('what retention has taken is gone, and is said to readers and followers', async () => {
    const log = await open();
    const topic = nameOf(log);
    await log.append(topic, 0, [record('a'), record('b'), record('c')]);
    log.keepFrom(topic, 0, 1);
    expect(await log.backlogs()).toMatchObject([{ kept: 1, first: 0, next: 3, share: 2 / 3 }]);
    await admin.deleteRecords({
      topics: [{ name: topic, partitions: [{ partition: 0, offset: 2n }] }],
    });
    await expect(log.read(topic, 0, 0)).rejects.toMatchObject({
      code: 'offset_gone',
      message: expect.stringContaining('it holds 2 to 3'),
    });
    await expect(log.read(topic, 0, 9)).rejects.toMatchObject({ code: 'offset_gone' });
    const follower = log.follow(topic, 0, 1, new AbortController().signal);
    await expect(follower[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'offset_gone',
    });
    expect((await log.read(topic, 0, 2)).map(textOf)).toEqual(['c']);
    expect((await log.backlogs())[0]!.share).toBe(2);
  });

  test('a deleted topic is named, and one made anew is not taken for the old one', async () => {
    const log = await open({ limits: { deadlineMs: 1_500 } });
    const topic = nameOf(log);
    const appended = (text: string) => log.append(topic, 0, [record(text)]).then(() => '', codeOf);
    // On a busy machine it may take longer than the deadline.
    await expect.poll(() => appended('a')).toBe('');
    const iterator = log.follow(topic, 0, 1, new AbortController().signal)[Symbol.asyncIterator]();
    const following = iterator.next().then(() => '', codeOf);
    await admin.deleteTopics({ topics: [topic] });
    expect(['topic_missing', 'topic_replaced']).toContain(await following);
    await expect(log.append(topic, 0, [record('b')])).rejects.toMatchObject({ retry: 'later' });
    await admin.createTopics({ topics: [topic], partitions: 4, replicas: 1 });
    await expect
      .poll(() => log.read(topic, 0, 0).then(() => '', codeOf), { timeout: 60_000 })
      .toBe('topic_replaced');
  });

  test('partitions and topics that are not there are refused, not taken modulo', async () => {
    const log = await open();
    const topic = nameOf(log);
    await expect(log.append(topic, 4, [record('a')])).rejects.toThrow('partitions 0 to 3');
    await expect(log.append('other', 0, [record('a')])).rejects.toThrow('not configured');
  });

  test('every codec of a batch is read back', async () => {
    for (const compression of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
      const log = await open({ compression });
      const texts = Array.from({ length: 50 }, (_, i) => `${compression} ${i} ${'z'.repeat(200)}`);
      await log.append(
        nameOf(log),
        0,
        texts.map((text) => record(text)),
      );
      await log.append(
        nameOf(log),
        0,
        texts.map((text) => record(text)),
      );
      expect((await log.read(nameOf(log), 0, 0)).map(textOf)).toEqual([...texts, ...texts]);
    }
  });
});

const codeOf = (error: { code: string }): string => error.code;
