import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Broker, startBroker } from '../parts/kafka.ts';
import { Seastate, until } from '../parts/seastate.ts';
import { Sender } from '../spine/sender.ts';

let broker: Broker;
let gateway: Seastate;
let config = '';

beforeAll(async () => {
  broker = await startBroker();
  const { folder } = await Seastate.create();
  config = join(folder, 'seastate.yaml');
  await writeFile(
    config,
    'process:\n  runtime: spark\n  partitions: 2\n  log:\n    type: kafka\n' +
      `    kafka:\n      brokers: ['${broker.address}']\n`,
  );
  gateway = await Seastate.at(folder, '-c', config).start();
});
afterAll(async () => {
  await gateway?.close();
  await broker?.close();
});

test('a gateway on Kafka, the stages on Spark, and the alerts on the API of the gateway', async () => {
  const load = new Sender(3).run(() => gateway.url);
  await until(async () => (await gateway.api('status')).tenants[0]?.samples > 5_000);
  await load.stop();
  const place = ['-c', config, '--data', gateway.folder];
  const { code, err } = await gateway.cli('spark', 'run', ...place, '--available-now');
  expect(code, err.slice(-3_000)).toBe(0);
  await until(async () => (await gateway.api('alerts?state=resolved')).alerts.length > 3);
});

test('submit prints a line for a cluster', async () => {
  const { code, out, err } = await gateway.cli(
    'spark',
    'submit',
    '-c',
    config,
    '--data',
    gateway.folder,
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
});
