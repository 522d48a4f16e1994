import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WriteColumns } from '../../formats/remote-write/columns.ts';
import { decodeV1 } from '../../formats/remote-write/decode-v1.ts';
import { decodeV2 } from '../../formats/remote-write/decode-v2.ts';
import { encodeRequest } from '../../formats/remote-write/encode.ts';
import { Intake } from '../../formats/remote-write/intake.ts';
import { defaultWriteLimits } from '../../formats/remote-write/limits.ts';
import { decodeBody, encodeBody } from '../../formats/snappy/body-encoding.ts';
import { Scratch } from '../../formats/snappy/snappy.ts';
import { BodyMaker, type SamplesRecord } from './bodies.ts';
import { RemoteWriteClient } from './client.ts';
import type { ClientOptions } from './options.ts';

interface Sample {
  readonly series: string;
  readonly time: number;
}

interface Answer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

const servers: Server[] = [];
afterEach(() => {
  told.length = 0;
  for (const server of servers.splice(0)) server.close();
});

/** A receiver that answers as it is told, and keeps what it answered 2xx. */
async function receiver(answer: (samples: Sample[], request: IncomingMessage) => Answer) {
  const taken: Sample[] = [];
  const requests: { protocol: 1 | 2; samples: Sample[]; headers: object }[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const protocol = request.headers['content-type']?.includes('v2') ? 2 : 1;
    const samples = read(Buffer.concat(parts), protocol);
    requests.push({ protocol, samples, headers: request.headers });
    const { status, body = '', headers = {} } = answer(samples, request);
    if (status < 300) taken.push(...samples);
    response.writeHead(status, headers).end(body);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/write`);
  return { url, taken, requests };
}

function read(body: Uint8Array, protocol: 1 | 2): Sample[] {
  const columns = new WriteColumns();
  const bytes = decodeBody('snappy', body, 1e7, new Scratch());
  (protocol === 1 ? decodeV1 : decodeV2)(bytes, defaultWriteLimits, columns);
  const intake = new Intake({ clusterLabels: ['s'] });
  const { length, cluster, clusters } = intake.read(columns);
  return Array.from({ length }, (_, i) =>
    Array.from({ length: columns.sampleFrom[i + 1]! - columns.sampleFrom[i]! }, (__, k) => ({
      series: clusters[cluster[i]!]!,
      time: columns.times[columns.sampleFrom[i]! + k]!,
    })),
  ).flat();
}

const record = (...samples: Sample[]): SamplesRecord => ({
  encoding: 'snappy',
  value: encodeBody(
    'snappy',
    encodeRequest(
      samples.map(({ series, time }) => ({
        labels: [
          ['__name__', 'm'],
          ['s', series],
        ],
        samples: [{ time, value: 1 }],
      })),
    ),
  ),
});

const told: string[] = [];
const client = (url: URL, more: Partial<ClientOptions> = {}, select?: string) =>
  new RemoteWriteClient(
    {
      url,
      protocol: 'auto',
      userAgent: 'test/1',
      headers: () => ({}),
      connections: 2,
      timeoutMs: 5_000,
      backoffMinMs: 1,
      backoffMaxMs: 4,
      giveUpMs: Number.POSITIVE_INFINITY,
      failsFast: false,
      now: Date.now,
      random: () => 0.5,
      tell: (fields, message) => told.push(`${message} ${JSON.stringify(fields)}`),
      ...more,
    },
    new BodyMaker(select),
  );
const never = new AbortController().signal;
const written = (n: number) => ({ 'x-prometheus-remote-write-samples-written': String(n) });

test('a record goes as it stands in 2.0, several as one request in their order', async () => {
  const { url, taken, requests } = await receiver((s) => ({
    status: 204,
    headers: written(s.length),
  }));
  const sender = client(url);
  await sender.send([record({ series: 'a', time: 1 })], never);
  await sender.send([record({ series: 'a', time: 2 }), record({ series: 'b', time: 2 })], never);
  expect(requests.map(({ protocol }) => protocol)).toEqual([2, 2]);
  expect(taken.map(({ series, time }) => `${series}${time}`)).toEqual(['a1', 'a2', 'b2']);
  expect(sender.stats).toMatchObject({ samples: 3, requests: 2, retries: 0 });
});

test('only series that match are sent', async () => {
  const { url, taken } = await receiver((s) => ({ status: 204, headers: written(s.length) }));
  const sender = client(url, {}, '{s="b"}');
  await sender.send([record({ series: 'a', time: 1 }, { series: 'b', time: 1 })], never);
  await sender.send([record({ series: 'a', time: 2 })], never);
  expect(taken).toEqual([{ series: 'b', time: 1 }]);
});

test.each([
  ['says 415', 415, 400],
  ['says 400', 400, 400],
  ['takes it for nothing', 204, 204],
])('a receiver of 1.0 that %s to 2.0 gets 1.0 from then on', async (_, status) => {
  const { url, taken, requests } = await receiver((_samples, { headers }) => ({
    status: headers['content-type']?.includes('v2') ? status : 204,
  }));
  const sender = client(url);
  await sender.send([record({ series: 'a', time: 1 })], never);
  await sender.send([record({ series: 'a', time: 2 })], never);
  expect(requests.map(({ protocol }) => protocol)).toEqual([2, 1, 1]);
  expect(taken.filter((_each, i) => status !== 204 || i > 0)).toHaveLength(2);
  expect(sender.stats.samples).toBe(2);
});

test('requests side by side find out together that the receiver knows only 1.0', async () => {
  const taken: Sample[] = [];
  const { url } = await receiver((samples, { headers }) => {
    if (!headers['content-type']?.includes('v2')) taken.push(...samples);
    return { status: 204 };
  });
  const sender = client(url);
  const names = ['a', 'b', 'c'];
  await Promise.all(names.map((series) => sender.send([record({ series, time: 1 })], never)));
  expect(taken.map(({ series }) => series).sort()).toEqual(names);
});

test('5xx, 429, 401 and lost connections are tried again; nothing is lost', async () => {
  const answers = [503, 500, 429, 401, 404];
  let tokens = 0;
  const { url, taken, requests } = await receiver((s) => ({
    status: answers.shift() ?? 204,
    headers: { ...written(s.length), 'retry-after': '0' },
  }));
  const sender = client(url, { headers: () => ({ authorization: `Bearer ${tokens++}` }) });
  await sender.send([record({ series: 'a', time: 1 })], never);
  expect(taken).toHaveLength(1);
  expect(sender.stats.retries).toBe(5);
  expect(sender.stats.troubleSince).toBe(0);
  expect(requests.at(-1)!.headers).toMatchObject({
    'retry-attempt': '5',
    authorization: 'Bearer 1',
  });
});

test('told to fail fast, it says what is wrong with address and credentials', async () => {
  const { url } = await receiver(() => ({ status: 401, body: 'who are you' }));
  const sender = client(url, { failsFast: true });
  await expect(sender.send([record({ series: 'a', time: 1 })], never)).rejects.toThrow(
    /answered 401 \(who are you\): check the address and the credentials/,
  );
  const dead = client(new URL('http://127.0.0.1:9/'), { giveUpMs: 0 });
  await expect(dead.send([record({ series: 'a', time: 1 })], never)).rejects.toThrow(
    /takes nothing: connect ECONNREFUSED/,
  );
});

test('a bad series does not take its neighbours with it where a request is all or nothing', async () => {
  const { url, taken } = await receiver((samples) =>
    samples.some(({ series }) => series === 'bad')
      ? { status: 400, body: 'out of order sample' }
      : { status: 204 },
  );
  const sender = client(url, { protocol: '1.0' });
  const names = ['a', 'b', 'bad', 'c', 'd', 'e', 'f'];
  await sender.send(
    [1, 2].map((time) => record(...names.map((series) => ({ series, time })))),
    never,
  );
  expect(taken.map(({ series, time }) => `${series}${time}`).sort()).toEqual(
    ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((series) => [`${series}1`, `${series}2`]).sort(),
  );
  expect(sender.stats.samples).toBe(12);
  expect([...sender.stats.refused]).toEqual([['out_of_order', 2]]);
  expect(told.filter((line) => line.includes('out_of_order'))).toHaveLength(1);
});

test('of a partial write in 2.0 the rest is counted; after a restart it is a repeat', async () => {
  const { url } = await receiver(() => ({
    status: 400,
    body: 'out of order sample',
    headers: written(1),
  }));
  const sender = client(url);
  const two = [record({ series: 'a', time: 1 }, { series: 'b', time: 1 })];
  await sender.send(two, never);
  await sender.send(two, never, true);
  expect([...sender.stats.refused]).toEqual([['out_of_order', 1]]);
  expect(sender.stats).toMatchObject({ samples: 2, repeats: 1 });
});

test('what a crash left unsent is sent, though a bad series and sent ones stand beside it', async () => {
  const seen = new Set<string>();
  const { url, taken } = await receiver((samples) => {
    if (samples.some(({ series }) => series === 'bad' || seen.has(series))) {
      return { status: 400, body: 'out of order sample' };
    }
    for (const { series } of samples) seen.add(series);
    return { status: 204 };
  });
  const sender = client(url, { protocol: '1.0' });
  const all = ['a', 'b', 'bad', 'c', 'd'].map((series) => ({ series, time: 1 }));
  await sender.send([record({ series: 'a', time: 1 })], never);
  await sender.send([record(...all)], never, true);
  expect(taken.map(({ series }) => series).sort()).toEqual(['a', 'b', 'c', 'd']);
  expect(sender.stats).toMatchObject({ samples: 4, repeats: 2 });
});

test('shares of a request are the same whatever else becomes known meanwhile', () => {
  const bodies = new BodyMaker(undefined, 3);
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const whole = record(...names.map((series) => ({ series, time: 1 })));
  const part = (rest: number): string[] => {
    const { bytes, series } = bodies.make([whole], 2, { modulus: 2, rest });
    const found = read(bytes, 2).map((sample) => sample.series);
    expect(series).toBe(found.length);
    return found;
  };
  const first = part(0);
  bodies.make([record({ series: 'other', time: 1 })], 2);
  expect([...first, ...part(1)].sort()).toEqual(names);
});

test('a broken record is counted, its neighbours are sent', async () => {
  const { url, taken } = await receiver((s) => ({ status: 204, headers: written(s.length) }));
  const sender = client(url);
  const broken = { encoding: 'snappy', value: Uint8Array.of(1, 2, 3) };
  await sender.send([record({ series: 'a', time: 1 }), broken], never);
  expect(taken).toHaveLength(1);
  expect([...sender.stats.refused]).toEqual([['unreadable', 1]]);
});
