import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { retryAfterMs } from '../../../sinks/remote-write/attempt.ts';
import type { Clock } from '../clock.ts';
import type { WriteRequest } from './requests.ts';
import { type SendError, Sender, type SenderOptions, senderDefaults } from './sender.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A real receiver that answers as the handlers say, one after the other; the last one for ever. */
async function receiver(...handlers: Handler[]) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts);
      const handler = handlers[Math.min(received.length, handlers.length - 1)]!;
      received.push({ headers: request.headers, body: body.toString() });
      handler(request, response, body);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { received, url: new URL(`http://127.0.0.1:${port}/api/v1/write`) };
}

const answer =
  (status: number, headers: Record<string, string> = {}, text = ''): Handler =>
  (_, response) => {
    response.writeHead(status, headers).end(text);
  };
const written = answer(204, {
  'x-prometheus-remote-write-samples-written': '10',
  'x-prometheus-remote-write-histograms-written': '1',
});
const reset: Handler = (request) => {
  request.socket.destroy();
};

/** Sleeps no time at all and remembers how long it was asked to. */
function hurry() {
  const slept: number[] = [];
  const clock: Clock = {
    now: () => Date.UTC(2026, 10, 1),
    sleep: (ms) => {
      slept.push(ms);
      return Promise.resolve();
    },
  };
  return { slept, clock };
}

function setup(url: URL, options: Partial<SenderOptions> = {}) {
  const { slept, clock } = hurry();
  const errors: SendError[] = [];
  const sender = new Sender({
    ...senderDefaults,
    url,
    protocol: 2,
    headers: { authorization: 'Bearer abc' },
    shards: 1,
    clock,
    onError: (error) => errors.push(error),
    ...options,
  });
  return { sender, slept, errors };
}

const request = (body: string, shard = 0): WriteRequest => ({
  cluster: 'atlantic',
  replica: 0,
  shard,
  body: Buffer.from(body),
  samples: 10,
  histograms: 1,
  exemplars: 0,
  newestMs: 5,
});

test('headers and body of both protocols', async () => {
  const { received, url } = await receiver(written);
  for (const protocol of [1, 2] as const) {
    const { sender } = setup(url, { protocol });
    await sender.push(request('abc'));
    await sender.idle();
    expect(sender.stats).toMatchObject({
      requests: 1,
      samples: 10,
      histograms: 1,
      bytes: 3,
      unconfirmed: 0,
    });
  }
  const shared = {
    'content-encoding': 'snappy',
    'content-length': '3',
    'user-agent': expect.any(String),
    authorization: 'Bearer abc',
  };
  expect(received).toMatchObject([
    {
      body: 'abc',
      headers: {
        ...shared,
        'content-type': 'application/x-protobuf',
        'x-prometheus-remote-write-version': '0.1.0',
      },
    },
    {
      body: 'abc',
      headers: {
        ...shared,
        'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
        'x-prometheus-remote-write-version': '2.0.0',
      },
    },
  ]);
});

test('503 with Retry-After: the same request again, as late as asked', async () => {
  const { received, url } = await receiver(
    answer(503, { 'retry-after': '7' }, 'log is full'),
    answer(503, {}, 'still'),
    answer(503),
    written,
  );
  const { sender, slept, errors } = setup(url);
  await sender.push(request('abc'));
  await sender.idle();
  expect(slept).toEqual([7_000, 60, 120]);
  expect(received.map(({ body }) => body)).toEqual(['abc', 'abc', 'abc', 'abc']);
  expect(received.map(({ headers }) => headers['retry-attempt'])).toEqual([
    undefined,
    '1',
    '2',
    '3',
  ]);
  expect(errors[0]).toEqual({
    cluster: 'atlantic',
    replica: 0,
    status: 503,
    reason: 'log is full',
    willRetry: true,
  });
  expect(sender.stats).toMatchObject({ requests: 1, samples: 10, retries: 3, refusedSamples: 0 });
});

test('a lost connection is retried, with growing pauses up to the limit', async () => {
  const { url } = await receiver(...Array.from({ length: 12 }, () => reset), written);
  const { sender, slept, errors } = setup(url);
  await sender.push(request('abc'));
  await sender.idle();
  expect(slept).toEqual([30, 60, 120, 240, 480, 960, 1920, 3840, 5000, 5000, 5000, 5000]);
  expect(errors.every(({ status, willRetry }) => status === 0 && willRetry)).toBe(true);
  expect(sender.stats).toMatchObject({ requests: 1, retries: 12 });
});

test('nobody listens: retried until somebody does', async () => {
  const { url, received } = await receiver(written);
  const dead = new URL(url);
  const [server] = servers.splice(0);
  await new Promise((resolve) => server!.close(resolve));
  let again: Promise<unknown> | undefined;
  const { sender } = setup(dead, {
    clock: {
      now: () => 0,
      sleep: async () => {
        again ??= new Promise((resolve) => {
          server!.listen(Number(dead.port), '127.0.0.1', () => resolve(servers.push(server!)));
        });
        await again;
      },
    },
  });
  await sender.push(request('abc'));
  await sender.idle();
  expect(received).toHaveLength(1);
});

test('no answer in time is retried', async () => {
  const { url } = await receiver((asked, response, body) => {
    if (asked.headers['retry-attempt']) written(asked, response, body);
  });
  const { sender, errors } = setup(url, { timeoutMs: 40 });
  await sender.push(request('abc'));
  await sender.idle();
  // More than once where the machine stands still for so long.
  expect(errors.length).toBeGreaterThan(0);
  for (const error of errors) {
    expect(error).toMatchObject({ status: 0, reason: 'no answer within 40 ms' });
  }
  expect(sender.stats).toMatchObject({ requests: 1, retries: errors.length });
});

test.each([400, 401, 404, 413, 429])(
  '%i is final: dropped, counted, and on it goes',
  async (status) => {
    const { url, received } = await receiver(answer(status, {}, 'bad series'), written);
    const { sender, slept, errors } = setup(url);
    await sender.push(request('abc'));
    await sender.push(request('def'));
    await sender.idle();
    expect(slept).toEqual([]);
    expect(received.map(({ body }) => body)).toEqual(['abc', 'def']);
    expect(errors).toMatchObject([{ status, reason: 'bad series', willRetry: false }]);
    expect(sender.stats).toMatchObject({ requests: 1, refusedRequests: 1, refusedSamples: 11 });
  },
);

test('429 is retried where that is asked for', async () => {
  const { url } = await receiver(answer(429, { 'retry-after': '2' }), written);
  const { sender, slept } = setup(url, { retryOn429: true });
  await sender.push(request('abc'));
  await sender.idle();
  expect(slept).toEqual([2_000]);
  expect(sender.stats).toMatchObject({ requests: 1, refusedRequests: 0 });
});

test('a 2xx of protocol 2 that does not say what was written is counted', async () => {
  const { url } = await receiver(
    answer(200),
    answer(204, { 'x-prometheus-remote-write-samples-written': '4' }),
  );
  const { sender } = setup(url);
  await sender.push(request('abc'));
  await sender.push(request('def'));
  await sender.idle();
  expect(sender.stats.unconfirmed).toBe(11 + 7);
});

test('a shard sends one after the other, shards do not wait for each other', async () => {
  const held: ServerResponse[] = [];
  const { url, received } = await receiver((_, response) => {
    held.push(response);
  });
  const { sender } = setup(url, { shards: 2 });
  for (const [body, shard] of [
    ['a1', 0],
    ['a2', 0],
    ['b1', 1],
  ] as const) {
    await sender.push(request(body, shard));
  }
  while (held.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(received.map(({ body }) => body).sort()).toEqual(['a1', 'b1']);
  const [a1] = received
    .map(({ body }, index) => (body === 'a1' ? held[index]! : null))
    .filter(Boolean);
  a1!.writeHead(204).end();
  while (held.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(received[2]!.body).toBe('a2');
  for (const response of held) if (!response.writableEnded) response.writeHead(204).end();
  await sender.idle();
});

test('push waits when the queue is full', async () => {
  const held: ServerResponse[] = [];
  const { url } = await receiver((_, response) => {
    held.push(response);
  });
  const { sender } = setup(url, { queueMax: 2 });
  let pushed = 0;
  const pushing = (async () => {
    for (let i = 0; i < 5; i++) {
      await sender.push(request(String(i)));
      pushed++;
    }
  })();
  while (held.length < 1) await new Promise((resolve) => setTimeout(resolve, 5));
  // One under way, two that wait, and the one whose push has not come back.
  expect([pushed, sender.stats.waitingRequests]).toEqual([3, 4]);
  for (let i = 0; i < 5; i++) {
    while (held.length <= i) await new Promise((resolve) => setTimeout(resolve, 5));
    held[i]!.writeHead(204).end();
  }
  await pushing;
  await sender.idle();
  expect(sender.stats).toMatchObject({ requests: 5, waitingRequests: 0 });
});

test('a signal ends everything that waits', async () => {
  const { url } = await receiver(() => {});
  const stop = new AbortController();
  const { sender } = setup(url, { signal: stop.signal, queueMax: 1 });
  const pushing = Promise.all([0, 1, 2].map((i) => sender.push(request(String(i)))));
  stop.abort();
  await pushing;
  await sender.idle();
  expect(sender.stats.requests).toBe(0);
});

test('Retry-After as seconds, as a date, as nonsense', () => {
  const nowMs = Date.UTC(2026, 10, 1, 12);
  expect(retryAfterMs('3', nowMs)).toBe(3_000);
  expect(retryAfterMs('Sun, 01 Nov 2026 12:00:09 GMT', nowMs)).toBe(9_000);
  expect(retryAfterMs('Sun, 01 Nov 2026 11:00:00 GMT', nowMs)).toBe(0);
  expect(retryAfterMs('soon', nowMs)).toBe(0);
  expect(retryAfterMs(undefined, nowMs)).toBe(0);
});
