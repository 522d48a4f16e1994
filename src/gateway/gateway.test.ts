import { afterEach, expect, test } from 'vitest';
import { SeastateError } from '../core/errors.ts';
import {
  encodeRequest,
  encodeRequestV1,
  type SeriesInput,
} from '../formats/remote-write/encode.ts';
import { encodeBody } from '../formats/snappy/body-encoding.ts';
import type { NewRecord } from '../log/log.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { Gateway } from './gateway.ts';
import { type GatewayOptions, gatewayOptions } from './options.ts';

/** A log that takes no larger records, as a broker does. */
class NarrowLog extends MemoryLog {
  bytesMax = Number.POSITIVE_INFINITY;
  override async append(topic: string, partition: number, records: readonly NewRecord[]) {
    if (records.some(({ value }) => (value?.length ?? 0) > this.bytesMax)) {
      throw new SeastateError('record_too_large', 'a record is over the limit');
    }
    return await super.append(topic, partition, records);
  }
}

const gateways: Gateway[] = [];
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.stop();
});

let now: number;
async function make(options: Partial<GatewayOptions> = {}) {
  now = 1_700_000_000_000;
  const log = new NarrowLog([{ name: 'telemetry', partitions: 2 }], () => now);
  const parts = { log, now: () => now, random: () => 0.5, warn: () => {} };
  const gateway = new Gateway(gatewayOptions({ lingerMs: 20, ...options }), parts);
  await gateway.start();
  gateways.push(gateway);
  const send = (encoded: Uint8Array, protocol: 1 | 2 = 2, name = 'east') => {
    const sender = { name, tenant: 't' };
    const body = encodeBody('snappy', encoded);
    gateway.roomOf(sender).reserve(body.length);
    return gateway.write({ protocol, body, isShared: false, sender, retryAttempt: 0 });
  };
  return { log, gateway, send };
}

/** A series whose values do not compress. */
const series = (name: string, samples: number, cluster = 'c1'): SeriesInput => ({
  labels: [
    ['__name__', name],
    ['cluster', cluster],
  ],
  samples: Array.from({ length: samples }, (_, i) => ({ time: now + i, value: Math.sin(i * 7.3) })),
});
const samplesIn = (log: MemoryLog) =>
  log.all('telemetry').filter(({ headers }) => headers['kind'] === 'samples');

test('an entry that makes a record too large takes no samples of others with it', async () => {
  const { log, send } = await make({ recordBytesMax: 16_384 });
  log.bytesMax = 20_000;
  const good = send(encodeRequest([series('good', 1)]));
  const bad = send(encodeRequest([series('bad', 5_000)]));
  const after = send(encodeRequest([series('after', 1)]));
  expect(await good).toMatchObject({ outcome: 'written', written: { samples: 1 } });
  expect(await bad).toMatchObject({ outcome: 'rejected', message: 'a record is over the limit' });
  expect(await after).toMatchObject({ outcome: 'written' });
  expect(samplesIn(log)).toHaveLength(2);
});

test('a clock that is set back after the log was full does not close the door', async () => {
  const { log, gateway, send } = await make();
  log.fault = new SeastateError('log_full', 'full', { retry: 'later' });
  expect(await send(encodeRequest([series('a', 1)]))).toMatchObject({ reason: 'log_full' });
  log.fault = undefined;
  const sender = { name: 'east', tenant: 't' };
  expect(gateway.refusal(sender, 10)).toMatchObject({ reason: 'log_full' });
  now -= 3_600_000;
  expect(gateway.refusal(sender, 10)).toBeUndefined();
});

test('metadata of a sender with very many clusters goes to them request by request', async () => {
  const { log, send } = await make();
  const clusters = Array.from({ length: 400 }, (_, i) => `c${i}`);
  await send(encodeRequestV1(clusters.map((cluster) => series('up', 1, cluster))), 1);
  const families = Array.from({ length: 20 }, (_, i) => {
    return { family: `m${i}`, type: 'gauge' as const, help: 'h'.repeat(4_000), unit: '' };
  });
  const told = () => log.all('telemetry').filter(({ headers }) => headers['kind'] === 'metadata');
  const charactersMax = 5 << 20;
  const characters = () => told().reduce((sum, { value }) => sum + value!.length, 0);
  expect(await send(encodeRequestV1([], families), 1)).toMatchObject({ outcome: 'written' });
  const first = characters();
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThan(charactersMax);
  const clustersTold = (): number => new Set(told().map(({ headers }) => headers['cluster'])).size;
  for (let i = 0; clustersTold() < clusters.length && i < 20; i++) {
    const before = characters();
    await send(encodeRequestV1([], families), 1);
    expect(characters() - before).toBeLessThan(charactersMax);
  }
  expect(clustersTold()).toBe(clusters.length);
});
