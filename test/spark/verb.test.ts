import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { outputTopics, telemetryTopic } from '../../src/log/topics.ts';
import { type Broker, startBroker } from '../parts/kafka.ts';
import { Seastate, until } from '../parts/seastate.ts';
import { Sender } from '../spine/sender.ts';

let broker: Broker;
let gateway: Seastate;
/** The example, over the test's broker: what stands in its file is all that is said of it. */
let place: string[];
const examples = fileURLToPath(new URL('../../examples', import.meta.url));
const example = join(examples, 'kube-api-server');

/** Flags that name the topics for one program among several at a broker. */
const namedAs = (program: string, topics: readonly string[]) =>
  topics.flatMap((name) => ['--set', `process.log.kafka.topics.${name}=${program}.${name}`]);

beforeAll(async () => {
  broker = await startBroker();
  place = ['-c', join(example, 'seastate.yaml')];
  place.push('--set', `process.log.kafka.brokers=['${broker.address}']`);
  place.push('--set', 'process.partitions=2');
  gateway = await Seastate.create(...place, '--set', 'process.runtime=spark');
  place.push('--data', gateway.folder);
  await gateway.start();
});
afterAll(async () => {
  await gateway?.close();
  await broker?.close();
});

test('a gateway on Kafka, the stages on Spark, and the alerts on the API of the gateway', async () => {
  const load = new Sender(3).run(() => gateway.url);
  await until(async () => (await gateway.api('status')).tenants[0]?.samples > 5_000);
  await load.stop();
  const { code, err } = await gateway.cli('spark', 'run', ...place, '--available-now');
  expect(code, err.slice(-3_000)).toBe(0);
  await until(async () => (await gateway.api('alerts?state=resolved')).alerts.length > 3);
});

test("the example's program on Spark, then on embedded over the same Kafka", async () => {
  const tail = async (...more: string[]) => {
    const words = ['x-kube-api-server', '--no-follow', '-o', 'jsonl', '--from', '-1h'];
    const { code, out, err } = await gateway.cli('tail', ...words, ...place, ...more);
    expect(code, err).toBe(0);
    // The order of one sender only: two partitions write this topic.
    return out.trim().split('\n').sort();
  };
  const bySpark = await tail();
  expect(bySpark.length).toBeGreaterThan(20);
  expect(JSON.parse(bySpark[0]!).data).toEqual({
    timestamp: expect.stringMatching(/^20/),
    metric: 'apiserver_request_total',
    labels: { cluster: expect.stringMatching(/^c/) },
    value: expect.any(Number),
  });
  const names = namedAs('embedded', [...outputTopics, 'x-kube-api-server']);
  const words = [...place.slice(0, -2), ...names, '--set', 'process.runtime=embedded'];
  const embedded = await Seastate.create(...words);
  try {
    await embedded.start();
    await until(async () => (await tail(...names)).length >= bySpark.length, 90_000);
    expect(await tail(...names)).toEqual(bySpark);
  } finally {
    await embedded.close();
  }
});

test('the model of examples/ewma-band, as its page says, scores on Spark', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'seastate-example-'));
  await cp(join(examples, 'ewma-band'), folder, { recursive: true });
  const page = await readFile(join(folder, 'README.md'), 'utf8');
  await writeFile(join(folder, 'seastate.yaml'), /```yaml\n([^`]*)```/.exec(page)![1]!);
  const words = [
    '-c',
    join(folder, 'seastate.yaml'),
    '--set',
    'process.partitions=1',
    ...namedAs('ewma', [telemetryTopic, ...outputTopics]),
  ];
  words.push('--set', 'process.log.type=kafka');
  words.push('--set', `process.log.kafka.brokers=['${broker.address}']`);
  words.push('--set', 'settings.anomalies.scores=[\'{__name__=~".*_duration_seconds"}\']');
  const writer = await Seastate.create(...words, '--set', 'process.runtime=spark');
  try {
    await writer.start();
    const labels: [string, string][] = [
      ['__name__', 'http_duration_seconds'],
      ['cluster', 'c'],
    ];
    const sender = new Sender(1);
    const begin = Date.now() - 300_000;
    for (let i = 0; i < 40; i++) {
      const samples = [{ time: begin + i * 5_000, value: i === 39 ? 50 : 1 + (i % 7) / 10 }];
      await sender.send(writer.url, [{ labels, samples }]);
    }
    words.push('--data', writer.folder);
    const { code, err } = await writer.cli('spark', 'run', ...words, '--available-now');
    expect(code, err.slice(-3_000)).toBe(0);
    const scores = await writer.cli('tail', 'scores', ...words, '--no-follow', '--from', '-1h');
    expect(scores.code, scores.err).toBe(0);
    expect(scores.out).toContain('http_duration_seconds');
  } finally {
    await writer.close();
    await rm(folder, { recursive: true });
  }
});

test('submit prints a line for a cluster', async () => {
  const { code, out, err } = await gateway.cli(
    'spark',
    'submit',
    ...place,
    '--master',
    'yarn',
    '--jar',
    'seastate-spark.jar',
    '--runner',
    '/opt/seastate/dist/runner.js',
    '--executors',
    '4',
  );
  expect(code, err).toBe(0);
  expect(out).toMatch(/^spark-submit --master yarn .*spark\.executor\.instances=4/);
  expect(out).toContain('spark.executor.memoryOverhead=');
  expect(out).toContain('x-kube-api-server');
});
