import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Broker, startBroker } from '../parts/kafka.ts';
import { Seastate, until } from '../parts/seastate.ts';
import { Sender } from '../spine/sender.ts';

let broker: Broker;
let gateway: Seastate;
/** The example, over the test's broker: what stands in its file is all that is said of it. */
let place: string[];
const example = fileURLToPath(new URL('../../examples/kube-api-server', import.meta.url));

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
  const outputs = ['alerts', 'anomalies', 'events', 'peers', 'incidents', 'scores', 'status'];
  const names = [...outputs, 'rejected', 'x-kube-api-server'].flatMap((name) => [
    '--set',
    `process.log.kafka.topics.${name}=embedded.${name}`,
  ]);
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
