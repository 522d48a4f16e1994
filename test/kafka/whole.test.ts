import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Broker, startBroker } from '../parts/kafka.ts';
import { Seastate, until } from '../parts/seastate.ts';
import { Sender } from '../spine/sender.ts';

let broker: Broker;
let seastate: Seastate;
let config: string;
let flags: string[];

beforeAll(async () => {
  broker = await startBroker();
  seastate = await Seastate.create('--partitions', '4');
  config = join(seastate.folder, 'seastate.yaml');
  await writeFile(
    config,
    `process:\n  log:\n    type: kafka\n    kafka:\n      brokers: ['${broker.address}']\n`,
  );
  flags = ['--partitions', '4', '-c', config];
  seastate = Seastate.at(seastate.folder, ...flags);
});
afterAll(async () => {
  await seastate?.close();
  await broker?.close();
});

test('with Kafka as the log the whole program runs the same: alerts, a kill, and its state again', async () => {
  await seastate.start();
  const sender = new Sender(7);
  const load = sender.run(() => seastate.url);
  await until(async () => (await seastate.api('alerts?state=resolved')).alerts.length > 3, 60_000);
  await load.stop();
  await seastate.kill();
  await seastate.start();
  const more = sender.run(() => seastate.url);
  await until(async () => {
    const { alerts } = await seastate.api('alerts?state=firing,resolved');
    const subjects = alerts.map(({ subject }: { subject: string }) => subject);
    return new Set(subjects).size === subjects.length && subjects.length > 10;
  }, 60_000);
  await more.stop();
  const cli = async (...words: string[]) => {
    const { code, out, err } = await seastate.cli(
      ...[...words, '-c', config, '--set', 'process.partitions=4', '-o', 'json'],
    );
    expect(code, err).toBe(0);
    return JSON.parse(out);
  };
  // Beside it: the state of a partition from the brokers and the snapshots.
  const [series] = await cli('explain', 'ALERTS', '-n', '1', '--data', seastate.folder);
  expect(series).toMatchObject({ labels: { __name__: 'ALERTS' }, processors: { anomalies: {} } });
  // Elsewhere, without a data folder: from the topic.
  expect(await cli('events', 'list', '--data', join(seastate.folder, 'none'))).toEqual([]);
  expect(await seastate.stop()).toBe(0);
});

test('a stop while the brokers hang ends after its time, and the next start goes on', async () => {
  seastate = Seastate.at(seastate.folder, ...flags, '--set', 'process.shutdown_timeout=5s');
  await seastate.start();
  broker.pause();
  expect(await seastate.stop()).toBe(0);
  expect(seastate.log.join('\n')).toContain('shutdown_timeout is over');
  broker.resume();
  await seastate.start();
  expect(await seastate.stop()).toBe(0);
});

test('a stop while no broker is there ends in order', async () => {
  await seastate.start();
  await broker.kill();
  expect(await seastate.stop()).toBe(0);
  expect(seastate.log.at(-1)).toContain('"stopped"');
});
