import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { utf8 } from '../../core/bytes.ts';
import { encodeRequest } from '../../formats/remote-write/encode.ts';
import { SeriesReader } from '../../formats/remote-write/series-reader.ts';
import { decodeBody, encodeBody } from '../../formats/snappy/body-encoding.ts';
import { Scratch } from '../../formats/snappy/snappy.ts';
import type { Bounds, LogRecord } from '../../log/log.ts';
import { defaultTopics } from '../../log/topics.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { Feed } from './feed.ts';
import { PrometheusSink } from './sink.ts';

/** A log whose retention has passed what lies before `first` in `scores`. */
class ShortLog extends MemoryLog {
  first = 0;
  /** Records of one read at most. */
  most = Number.POSITIVE_INFINITY;
  override async read(...where: Parameters<MemoryLog['read']>): Promise<LogRecord[]> {
    return (await super.read(...where)).slice(0, this.most);
  }
  override async bounds(topic: string, partition: number): Promise<Bounds> {
    const { next } = await super.bounds(topic, partition);
    return { first: topic === 'scores' ? this.first : 0, next };
  }
}

let folder: string;
let server: Server;
let isDown = false;
let times: number[] = [];
let told: string[] = [];
let log: ShortLog;
let number = 0;
/** Of the log, ms. */
let clock = 0;

beforeEach(async () => {
  [isDown, times, told, number, clock] = [false, [], [], 0, Date.now()];
  log = new ShortLog(defaultTopics(1), () => clock);
  folder = await mkdtemp(join(tmpdir(), 'seastate-sink-'));
  server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    if (isDown) return response.writeHead(503).end('later');
    const bytes = decodeBody('snappy', Buffer.concat(parts), 1e6, new Scratch());
    const { length, times: sent } = new SeriesReader().read(bytes);
    times.push(...sent.subarray(0, length));
    const written = { 'x-prometheus-remote-write-samples-written': String(length) };
    return response.writeHead(204, written).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await rm(folder, { recursive: true, force: true });
});

/** Appends scores of these times, each as a record of its own. */
async function write(...some: number[]): Promise<void> {
  for (const time of some) {
    const labels = [['__name__', 'seastate_expected']] as [string, string][];
    const value = encodeBody('snappy', encodeRequest([{ labels, samples: [{ time, value: 1 }] }]));
    const headers = { from: 'cluster/0/0', number: String(number++), tick: '1', kind: 'samples' };
    await log.append('scores', 0, [{ headers, value }]);
  }
}

function start() {
  const stopping = new AbortController();
  const sink = new PrometheusSink({
    name: 'out',
    topics: ['scores', 'events'],
    requestBytes: 1_000,
    path: join(folder, 'out.json'),
    warn: (fields, message) => told.push(`${message} ${JSON.stringify(fields)}`),
    client: {
      url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
      protocol: 'auto',
      userAgent: 'test/1',
      headers: () => ({}),
      connections: 2,
      timeoutMs: 5_000,
      backoffMinMs: 5,
      backoffMaxMs: 20,
      giveUpMs: Number.POSITIVE_INFINITY,
      failsFast: false,
      now: Date.now,
      random: () => 0.5,
      tell: (fields, message) => told.push(`${message} ${JSON.stringify(fields)}`),
    },
  });
  const following = sink.follow(log, stopping.signal);
  const stop = async () => {
    stopping.abort();
    await following;
  };
  return { sink, stop };
}

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 10) {
    if (waited > 60_000) throw new Error(`gave up waiting: ${told.join('\n')} ${times}`);
    await sleep(10);
  }
}

const isAt = (sink: PrometheusSink, upTo: number): boolean =>
  sink.status().partitions.some((each) => each.topic === 'scores' && each.upTo === upTo);

test('the first start sends what comes from then on, a later one what came meanwhile', async () => {
  await write(1, 2);
  const first = start();
  await until(() => isAt(first.sink, 2));
  await write(3, 4);
  await until(() => isAt(first.sink, 4));
  await first.stop();
  await write(5, 6);
  const second = start();
  await until(() => isAt(second.sink, 6));
  await second.stop();
  expect(times).toEqual([3, 4, 5, 6]);
  expect(told).toEqual([]);
});

test('a receiver that is away is told once, and gets all of it when it is back', async () => {
  const { sink, stop } = start();
  await until(() => isAt(sink, 0));
  isDown = true;
  await write(1, 2, 3);
  await until(() => sink.status().stats.retries > 3);
  expect(sink.status().stats.troubleSince).toBeGreaterThan(0);
  isDown = false;
  await until(() => times.length === 3);
  await until(() => isAt(sink, 3));
  await stop();
  expect(times).toEqual([1, 2, 3]);
  expect(told.map((line) => line.split(' {')[0])).toEqual([
    'the receiver cannot be written; tried again',
    'the receiver takes samples again',
  ]);
});

test('stopped while its receiver is away, it goes on there after the next start', async () => {
  const first = start();
  await until(() => isAt(first.sink, 0));
  isDown = true;
  await write(1, 2);
  await until(() => first.sink.status().stats.retries > 1);
  await first.stop();
  isDown = false;
  const second = start();
  await until(() => isAt(second.sink, 2));
  await second.stop();
  // A request that was given up may still arrive: a repeat.
  expect([...new Set(times)]).toEqual([1, 2]);
});

test('what retention took before it could be sent is told and counted; the rest goes on', async () => {
  const first = start();
  await write(1);
  await until(() => isAt(first.sink, 1));
  await first.stop();
  await write(2, 3, 4);
  log.first = 3;
  const second = start();
  await until(() => isAt(second.sink, 4));
  expect(second.sink.status().lost).toBe(2);
  await second.stop();
  expect(times.at(-1)).toBe(4);
  expect(told.join()).toContain('"lost":2');
});

test('outputs that were made again are sent once', async () => {
  const { sink, stop } = start();
  await until(() => isAt(sink, 0));
  await write(1, 2);
  number = 1;
  await write(2, 3);
  await until(() => isAt(sink, 4));
  await stop();
  expect(times).toEqual([1, 2, 3]);
});

test('outputs that are missing for good are told once, and the rest goes on', async () => {
  const { sink, stop } = start();
  await write(1);
  await until(() => isAt(sink, 1));
  number = 3;
  await write(4);
  await until(() => isAt(sink, 2));
  clock += 400_000;
  await write(5);
  await until(() => isAt(sink, 3) && times.length > 2);
  await stop();
  expect(times).toEqual([1, 4, 5]);
  expect(sink.status().lost).toBe(2);
  expect(told).toHaveLength(1);
});

test('what was lost before the first start is passed over, and nothing old is sent for it', async () => {
  const tell = async (own: number, tick: number, subject?: string): Promise<void> => {
    const headers = { from: 'cluster/0/0', number: String(own), tick: String(tick) };
    const data = { state: 'open', fact: subject };
    const value = subject ? utf8(JSON.stringify({ subject, data })) : null;
    await log.append('events', 0, [{ headers, value }]);
  };
  await tell(0, 1, 'a');
  await tell(3, 2, 'b');
  clock += 400_000;
  await tell(4, 82);
  log.most = 1;
  const { sink, stop } = start();
  await until(() =>
    sink.status().partitions.some(({ topic, upTo }) => topic === 'events' && upTo === 3),
  );
  await tell(5, 90);
  await until(() => times.length >= 2);
  await stop();
  expect(times).toEqual([91 * 5_000, 91 * 5_000]);
  expect(told).toHaveLength(1);
});

test('all that may have been sent before a crash is sent as such, however the log cuts its reads', async () => {
  const again: boolean[] = [];
  const record = (offset: number, bytes: number): LogRecord => ({
    offset,
    timestamp: 1,
    headers: { from: 'cluster/0/0', number: String(offset), tick: '1', kind: 'samples' },
    value: new Uint8Array(bytes),
  });
  const records = [0, 1, 2, 3, 4].map((offset) => record(offset, 100 * 1024));
  const feed = new Feed({
    log: {
      async *follow() {
        for (const one of records) yield [one];
      },
    } as unknown as MemoryLog,
    ...{ topic: 'scores', partition: 0, requestBytes: 1e6, shards: 1 },
    place: { next: 0, readers: [] },
    send: async (_, __, isAgain) => {
      again.push(isAgain);
    },
    save: async () => {},
    lost: () => {},
    sent: () => {},
  });
  await feed.run(new AbortController().signal);
  expect(again).toEqual([true, true, true, false, false]);
});
