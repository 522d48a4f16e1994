import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Seastate, until } from '../parts/seastate.ts';

/** Takes connections and answers nothing, as a broker that hangs. */
let silent: Server;
let seastate: Seastate;
const connections = new Set<Socket>();
let config: string;
let brokers: string;

beforeEach(async () => {
  silent = createServer((socket) => {
    connections.add(socket.resume().on('error', () => {}));
  });
  await once(silent.listen(0, '127.0.0.1'), 'listening');
  brokers = `['127.0.0.1:${(silent.address() as AddressInfo).port}']`;
  seastate = await Seastate.create();
  config = join(seastate.folder, 'seastate.yaml');
  seastate = Seastate.at(seastate.folder, '-c', config);
});
afterEach(async () => {
  await seastate.close();
  for (const socket of connections) socket.destroy();
  connections.clear();
  silent.close();
});

const isAsked = (): Promise<void> => until(() => connections.size > 0);

test('a source whose brokers do not answer does not hold up a stop', async () => {
  const source = `{topic: t, format: vector-json, brokers: ${brokers}}`;
  await writeFile(config, `process:\n  sources:\n    kafka:\n      - ${source}\n`);
  await seastate.start();
  await isAsked();
  expect(await seastate.stop()).toBe(0);
  expect(seastate.log.join('\n')).not.toContain('sources do not end');
  expect(seastate.log.at(-1)).toContain('"stopped"');
});

test('a start whose brokers do not answer ends at a signal', async () => {
  await writeFile(config, `process:\n  log:\n    type: kafka\n    kafka: {brokers: ${brokers}}\n`);
  const started = seastate.start();
  started.catch(() => {});
  await isAsked();
  expect(await seastate.stop()).toBe(0);
  expect(seastate.log.at(-1)).toContain('stopped before it was up');
});
