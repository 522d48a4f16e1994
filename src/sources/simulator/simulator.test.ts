import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { Clock } from './clock.ts';
import { createFleet } from './fleet.ts';
import type { FleetOptions } from './options.ts';
import { prepareBodies } from './prepare.ts';
import { type SimulatorOptions, startSimulator } from './simulator.ts';
import { storm } from './storm.test-kit.ts';
import { decodeRequest } from './wire/oracle.test-kit.ts';

const minuteMs = 60_000;
const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A receiver that decodes with the oracle (0: just takes it), and may be made to fail. */
async function receiver(protocol: 0 | 1 | 2) {
  /** Times of each series' samples in the order in which they came. */
  const times = new Map<string, number[]>();
  const state = {
    status: 204,
    requests: 0,
    metadata: 0,
    samples: 0,
    types: new Set<string>(),
    url: '',
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (state.status !== 204) {
        response.writeHead(state.status).end();
        return;
      }
      state.requests++;
      if (protocol === 0) {
        response.writeHead(204).end();
        return;
      }
      const { series, metadata } = decodeRequest(protocol, Buffer.concat(parts));
      let samples = 0;
      let histograms = 0;
      if (metadata.length > 0) state.metadata++;
      for (const one of series) {
        const key = JSON.stringify(one.labels);
        const known = times.get(key) ?? [];
        times.set(key, known);
        for (const { timestamp } of [...one.samples, ...one.histograms])
          known.push(Number(timestamp));
        samples += one.samples.length;
        histograms += one.histograms.length;
        if (one.histograms.length > 0) state.types.add(`schema ${one.histograms[0]!.schema}`);
        if (one.exemplars.length > 0) state.types.add('exemplar');
      }
      state.samples += samples;
      response
        .writeHead(204, {
          'x-prometheus-remote-write-samples-written': String(samples),
          'x-prometheus-remote-write-histograms-written': String(histograms),
        })
        .end();
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/write`;
  return { times, state };
}

/** A clock that goes on by itself as fast as somebody sleeps. */
function fastClock(startMs: number): Clock & { nowMs: number } {
  const clock = {
    nowMs: startMs,
    now: () => clock.nowMs,
    sleep: async (ms: number) => {
      clock.nowMs += ms;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
  return clock;
}

function start(options: Partial<FleetOptions>, more: Omit<SimulatorOptions, 'fleet'>) {
  const fleet = createFleet({ ...storm, seriesPerCluster: 500, script: 'none', ...options });
  const simulator = startSimulator({ ...more, fleet });
  return { fleet, simulator };
}

test.each([1, 2] as const)(
  'two hours of backlog arrive in order, protocol %i',
  async (protocol) => {
    const { times, state } = await receiver(protocol);
    const backlogMs = 120 * minuteMs;
    const endMs = storm.startMs + backlogMs;
    const { simulator } = start(
      {
        protocol,
        intervalMs: 1_200_000,
        clusters: 1,
        replicas: 2,
        seriesPerCluster: 2_600,
        rolloutsPerHour: 0,
      },
      { url: state.url, clock: fastClock(endMs), untilMs: endMs },
    );
    await simulator.ended;
    for (const [key, list] of times) {
      for (let i = 1; i < list.length; i++) {
        if (list[i]! <= list[i - 1]!) throw new Error(`${key}: ${list[i]} after ${list[i - 1]}`);
      }
    }
    const all = [...times.values()].flat();
    expect(Math.min(...all.slice(0, 1000)) - storm.startMs).toBeLessThan(20 * minuteMs);
    const longest = [...times.values()].filter(({ length }) => length === 6);
    expect(longest.length).toBeGreaterThan(4_500);
    const stats = simulator.stats();
    expect(stats).toMatchObject({
      samples: state.samples,
      retries: 0,
      refusedRequests: 0,
      unconfirmed: 0,
      waitingRequests: 0,
    });
    // The past goes in full requests.
    expect(stats.samples / stats.requests).toBeGreaterThan(700);
    expect(state.types).toContain('schema 3');
    expect(state.types).toContain('exemplar');
    expect(state.types.has('schema -53')).toBe(protocol === 2);
    expect(stats.droppedHistograms > 0).toBe(protocol === 1);
    expect(state.metadata > 0).toBe(protocol === 1);
  },
);

test('after the backlog it goes on with the clock', async () => {
  const { state } = await receiver(0);
  const clock = fastClock(storm.startMs + 30 * minuteMs);
  const untilMs = storm.startMs + 40 * minuteMs;
  const { simulator } = start({}, { url: state.url, clock, untilMs });
  await simulator.live;
  expect(simulator.stats().newestMs).toBeLessThan(storm.startMs + 32 * minuteMs);
  await simulator.ended;
  expect(clock.nowMs).toBeGreaterThanOrEqual(untilMs);
  expect(simulator.stats().newestMs).toBeGreaterThan(untilMs - minuteMs);
});

test('with a speed, the past takes its share of time', async () => {
  const { state } = await receiver(0);
  const clock = fastClock(storm.startMs + 60 * minuteMs);
  const untilMs = storm.startMs + 60 * minuteMs;
  const { simulator } = start({}, { url: state.url, clock, untilMs, speed: 60 });
  await simulator.ended;
  expect(clock.nowMs - untilMs).toBeGreaterThan(50_000);
  expect(clock.nowMs - untilMs).toBeLessThan(90_000);
});

test('a receiver that is away for a while gets everything, in order', async () => {
  const { times, state } = await receiver(2);
  state.status = 503;
  const clock = fastClock(storm.startMs);
  let failures = 0;
  const onError = (): void => {
    if (++failures === 40) state.status = 204;
  };
  const untilMs = storm.startMs + 6 * minuteMs;
  const { simulator } = start(
    { clusters: 1, replicas: 1 },
    { url: state.url, clock, untilMs, onError },
  );
  await simulator.ended;
  const { samples, retries } = simulator.stats();
  expect(retries).toBeGreaterThanOrEqual(40);
  const calm = createFleet({
    ...storm,
    seriesPerCluster: 500,
    script: 'none',
    clusters: 1,
    replicas: 1,
  });
  let made = 0;
  for (const [, batch] of calm.step(untilMs, { flush: true })) made += batch.count;
  expect(samples).toBe(made);
  for (const list of times.values()) expect(list).toEqual([...list].sort((a, b) => a - b));
});

test('while the link is down nothing comes, then all of it', async () => {
  const { times, state } = await receiver(2);
  const clock = fastClock(storm.startMs);
  const downMs = storm.startMs + 10 * minuteMs;
  const untilMs = storm.startMs + 20 * minuteMs;
  let newestWhileDown = 0;
  const sleep = clock.sleep;
  clock.sleep = async (ms) => {
    if (clock.nowMs > downMs + minuteMs && clock.nowMs < downMs + 4 * minuteMs) {
      newestWhileDown = simulator.stats().newestMs;
    }
    await sleep(ms);
  };
  const script = [
    {
      fault: 'link_down',
      afterMs: 10 * minuteMs,
      cluster: 0,
      settings: { durationMs: 5 * minuteMs },
    },
  ];
  const { simulator, fleet } = start(
    { clusters: 1, replicas: 1, script },
    { url: state.url, clock, untilMs },
  );
  await simulator.ended;
  expect(newestWhileDown).toBeGreaterThan(downMs - minuteMs);
  expect(newestWhileDown).toBeLessThanOrEqual(downMs + 1_000);
  const up = [...times].find(([key]) => key.includes('"up"'))!;
  up[1].slice(1).forEach((time, i) => {
    expect(time - up[1][i]!).toBe(30_000);
  });
  expect(fleet.truth().find(({ fact }) => fact === 'metrics_delayed')).toMatchObject({
    start: downMs,
  });
});

test('a signal ends it', async () => {
  const { state } = await receiver(0);
  const stop = new AbortController();
  const clock = fastClock(storm.startMs + minuteMs);
  const { simulator } = start({}, { url: state.url, clock, signal: stop.signal });
  while (state.requests === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  stop.abort();
  await simulator.ended;
  expect(state.requests).toBeGreaterThan(0);
});

test('a URL that is none is refused', () => {
  expect(() => start({}, { url: 'over there' })).toThrow(/"over there" is not a URL/);
});

test('prepared bodies: all series in every round, full requests, the same each time', () => {
  const options = { series: 4_000, clusters: 2, rounds: 3, samplesPerRequest: 500 };
  const requests = prepareBodies(options);
  const samples = requests.reduce((sum, one) => sum + one.samples, 0);
  expect(samples / 3).toBeGreaterThan(4_000);
  expect(samples / 3).toBeLessThan(4_800);
  expect(Math.max(...requests.map((one) => one.samples))).toBe(500);
  expect(requests.filter((one) => one.samples === 500).length / requests.length).toBeGreaterThan(
    0.6,
  );
  const again = prepareBodies(options);
  expect(again.map(({ body }) => Buffer.from(body).toString('base64'))).toEqual(
    requests.map(({ body }) => Buffer.from(body).toString('base64')),
  );
  const { series } = decodeRequest(2, requests[0]!.body);
  expect(series.length).toBeGreaterThanOrEqual(500);
});
