import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Admin, Producer } from '@platformatic/kafka';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TopicFormat, topicFormats } from '../../src/config/sources.ts';
import { writeAdapterJson } from '../../src/formats/prometheus-kafka-adapter/write.ts';
import { encodeRequest, encodeRequestV1 } from '../../src/formats/remote-write/encode.ts';
import { compress } from '../../src/formats/snappy/snappy.ts';
import { writeVectorJson, writeVectorText } from '../../src/formats/vector/write.ts';
import { rejectedData } from '../../src/log/rejected.ts';
import { type Broker, hasKafka, startBroker } from '../parts/kafka.ts';
import { Seastate, until } from '../parts/seastate.ts';
import { dataOf, recordsOfKind, samplesOf } from '../spine/read-back.ts';
import { Sender } from '../spine/sender.ts';

/** Brokers refuse records of the future, and take away those of last week. */
const start = Math.floor(Date.now() / 1_000) * 1_000 - 1_800_000;
type Bytes = string | Uint8Array;

/** What the record `i` of a topic holds, and the sample or event that it must become. */
const makers: Record<TopicFormat, (i: number) => { value: Bytes; becomes: string }> = {
  'vector-text': (i) => sample('vector-text', i, writeVectorText),
  'vector-json': (i) => sample('vector-json', i, writeVectorJson),
  'prometheus-kafka-adapter-json': (i) =>
    sample('prometheus-kafka-adapter-json', i, writeAdapterJson),
  'remote-write-1': (i) => sample('remote-write-1', i, request(encodeRequestV1, i)),
  'remote-write-2': (i) => sample('remote-write-2', i, request(encodeRequest, i)),
  'kubernetes-events': (i) => {
    const event = {
      metadata: { name: `e-${i}`, namespace: 'default', uid: `uid-${i}` },
      involvedObject: { kind: 'Node', name: `worker-${i % 5}` },
      reason: 'NodeReady',
      source: { component: 'kubelet' },
      firstTimestamp: new Date(start + i * 1_000).toISOString(),
    };
    const { cluster } = { cluster: i % 2 === 0 ? 'c1' : 'c2' };
    const openshift = { labels: { site: cluster } };
    return {
      value: JSON.stringify({ kubernetes: { event }, openshift, message: 'ready' }),
      becomes: `${cluster} e-${i}`,
    };
  },
};

type Labels = [string, string][];
function sample(
  format: string,
  i: number,
  write: (labels: Labels, timeMs: number, value: number) => Bytes,
): { value: Bytes; becomes: string } {
  const host = `host "${i % 7}" \\ of east`;
  const labels: Labels = [
    ['__name__', 'up'],
    ['cluster', 'c1'],
    ['format', format],
    ['host', host],
  ];
  return {
    value: write(labels, start + i * 1_000, i),
    becomes: `up c1 ${format} ${host} ${start + i * 1_000} ${i}`,
  };
}

function request(encode: typeof encodeRequest, i: number) {
  return (labels: Labels, time: number, value: number): Uint8Array => {
    const plain = encode([{ labels, samples: [{ time, value }] }]);
    return i % 2 === 0 ? compress(plain) : plain;
  };
}

describe.skipIf(!hasKafka())('topics of others, as configured sources of the whole program', () => {
  let broker: Broker;
  let producer: Producer;
  let seastate: Seastate;
  const expected = new Set<string>();
  let sent = 0;

  beforeAll(async () => {
    broker = await startBroker();
    const client = { clientId: 'test', bootstrapBrokers: [broker.address] };
    const admin = new Admin(client);
    await admin.createTopics({ topics: [...topicFormats], partitions: 3, replicas: 1 });
    await admin.close();
    producer = new Producer({ ...client, idempotent: true, retries: 50, retryDelay: 200 });
    seastate = await Seastate.create();
    const path = join(seastate.folder, 'seastate.yaml');
    const sources = topicFormats.map(
      (format) => `
      - topic: ${format}
        format: ${format}
        brokers: ['${broker.address}']
        hold: 200ms
        commit_interval: 100ms
        cluster_fields: [openshift.labels.site]`,
    );
    const missing = `
      - {topic: nowhere, format: vector-text, brokers: ['${broker.address}']}`;
    const text = `process:\n  sources:\n    kafka:${sources.join('')}${missing}\n`;
    await writeFile(path, text);
    seastate = Seastate.at(seastate.folder, '--partitions', '4', '-c', path);
  });
  afterAll(async () => {
    await producer?.close(true);
    await seastate?.close();
    await broker?.close();
  });

  async function send(count: number): Promise<void> {
    for (const format of topicFormats) {
      const messages = Array.from({ length: count }, (_, n) => {
        const { value, becomes } = makers[format](sent + n);
        expected.add(becomes);
        const timestamp = BigInt(start + (sent + n) * 1_000);
        return { topic: format, partition: n % 3, timestamp, value: Buffer.from(value) };
      });
      await producer.send({ acks: -1, messages });
    }
    sent += count;
  }

  const sourcesOf = async () =>
    (await seastate.api('status')).sources as {
      source: string;
      state: string;
      error: string | null;
      records: number;
      lag_records: number | null;
      rejected: Record<string, number>;
    }[];
  const reading = async () =>
    (await sourcesOf()).filter(({ state }) => state === 'reading').length === topicFormats.length;

  test('each format, with kills and an outage: every sample and event is there', async () => {
    await seastate.start();
    await until(reading, 60_000);
    await send(100);
    for (const format of topicFormats) {
      await producer.send({ messages: [{ topic: format, partition: 0, value: bad(format) }] });
    }
    for (let kills = 0; kills < 3; kills++) {
      await send(100);
      await sleep(300);
      await seastate.kill();
      // What comes while it is away is not missed, though it begins at the head.
      await send(50);
      await seastate.start();
      await until(reading, 60_000);
    }
    await broker.kill();
    const sender = new Sender(7);
    const load = sender.run(() => seastate.url);
    await until(() => sender.acknowledged.size > 500);
    await load.stop();
    await broker.restart();
    await send(50);
    await until(async () => (await sourcesOf()).every(({ lag_records }) => !lag_records), 60_000);
    await until(async () => {
      const nowhere = (await sourcesOf()).find(({ source }) => source === 'kafka/nowhere')!;
      return nowhere.state === 'waiting' && nowhere.error!.includes('does not exist');
    }, 60_000);
    const missing = async () => {
      const found = await foundNow();
      return [...expected].filter((one) => !found.has(one));
    };
    await until(async () => (await missing()).length === 0, 60_000).catch(() => {});
    expect(await missing()).toEqual([]);
    const metrics = await (await fetch(`${seastate.url}/metrics`)).text();
    expect(metrics).toMatch(/seastate_source_records_total\{source="kafka\/vector-text"\} \d+/);
    const lines = await seastate.tail('kubernetes-events', '{cluster="c2"}');
    const told = lines.map((line) => JSON.parse(line));
    expect(new Set(told.map(({ name }) => name)).size).toBe(sent / 2);
    expect(told[0]).toMatchObject({ cluster: 'c2', reason: 'NodeReady', kind: 'Node' });
    expect(await seastate.stop()).toBe(0);

    const stored = [...(await foundNow())].filter((one) => !sender.acknowledged.has(one));
    const others = stored.filter((one) => one.startsWith('up c1') && !expected.has(one));
    expect(others).toEqual([]);
    const rejected = (await dataOf(seastate.folder, 'rejected')).map((data) =>
      rejectedData.parse(data),
    );
    const places = new Map(rejected.map((one) => [`${one.source} ${one.reason}`, one]));
    expect([...places.keys()].sort()).toEqual([
      'kafka/kubernetes-events no_cluster',
      'kafka/prometheus-kafka-adapter-json not_a_metric',
      'kafka/remote-write-1 not_a_request',
      'kafka/remote-write-2 not_a_request',
      'kafka/vector-json not_a_metric',
      'kafka/vector-text bad_timestamp',
    ]);
    for (const one of places.values()) {
      expect(Buffer.from(one.value, 'base64')).toEqual(bad(one.format as TopicFormat));
    }
  });

  test('brokers that hang while it reads do not hold up a stop', async () => {
    await seastate.start();
    await until(reading, 60_000);
    broker.pause();
    expect(await seastate.stop()).toBe(0);
    broker.resume();
  });

  /** Samples as text, and events as `cluster name`. */
  async function foundNow(): Promise<Set<string>> {
    const found = await samplesOf(seastate.folder);
    for (const { value, headers } of await recordsOfKind(seastate.folder, 'kubernetes-event')) {
      const { name } = JSON.parse(Buffer.from(value!).toString());
      found.add(`${headers['cluster']} ${name}`);
    }
    return found;
  }
});

function bad(format: TopicFormat): Buffer {
  if (format !== 'kubernetes-events') return Buffer.from('of another team');
  const { value } = makers[format](1);
  const { openshift: _, ...rest } = JSON.parse(value as string);
  return Buffer.from(JSON.stringify(rest));
}
