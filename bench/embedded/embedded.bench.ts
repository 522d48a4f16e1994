import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeRequest } from '../../src/formats/remote-write/encode.ts';
import { compress } from '../../src/formats/snappy/snappy.ts';
import { writeHeaders } from '../../src/sinks/remote-write/attempt.ts';
import { prepareBodies } from '../../src/sources/simulator/prepare.ts';
import { Seastate, until } from '../../test/parts/seastate.ts';
import type { BenchCase } from '../bench-case.ts';

const agent = new Agent({ keepAlive: true, maxSockets: 8 });
const ticksPerSecond = 100;

/** CPU seconds and resident bytes of another process, of Linux' /proc. */
function usageOf(pid: number): { cpuSeconds: number; rssBytes: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
    rssBytes: Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024,
  };
}

function post(url: string, protocol: 1 | 2, body: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...writeHeaders(protocol, 'seastate-bench/1'),
      'content-length': body.length,
    };
    const sent = request(`${url}/api/v1/write`, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 204) resolve();
        else reject(new Error(`answered ${response.statusCode}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

async function postAll(url: string, protocol: 1 | 2, bodies: readonly Uint8Array[]): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < bodies.length) await post(url, protocol, bodies[next++]!);
  };
  await Promise.all(Array.from({ length: 8 }, lane));
}

/** Waits until every partition has processed what it holds. */
async function caughtUp(seastate: Seastate): Promise<void> {
  await until(async () => {
    const { partitions } = await seastate.api('status');
    return partitions.every(({ lag_records }: { lag_records: number }) => lag_records === 0);
  }, 600_000);
}

/**
 * HTTP to durable to processed: CPU of the whole process, once it is warm: 3 M samples at least.
 */
async function wholeProcess(
  protocol: 1 | 2,
  series: number,
  rounds: number,
  ...flags: string[]
): Promise<Record<string, number>> {
  const seastate = await (await Seastate.create(...flags)).start();
  try {
    const clusters = Math.max(4, Math.round(series / 20_000));
    const warm = Math.max(2, Math.ceil(3_000_000 / series));
    const all = prepareBodies({ series, rounds: rounds + warm, clusters, protocol, seed: 1 });
    const perRound = Math.ceil(all.length / (rounds + warm));
    const bodies = all.map(({ body }) => body);
    await postAll(seastate.url, protocol, bodies.slice(0, warm * perRound));
    await caughtUp(seastate);
    const before = usageOf(seastate.pid);
    const start = performance.now();
    await postAll(seastate.url, protocol, bodies.slice(warm * perRound));
    await caughtUp(seastate);
    const seconds = (performance.now() - start) / 1000;
    const after = usageOf(seastate.pid);
    const samples = all
      .slice(warm * perRound)
      .reduce((sum, r) => sum + r.samples + r.histograms, 0);
    return {
      series: (await seastate.api('status')).series,
      'CPU s/M': (after.cpuSeconds - before.cpuSeconds) / (samples / 1e6),
      'M samples/s': samples / 1e6 / seconds,
      'rss MB': after.rssBytes / 2 ** 20,
    };
  } finally {
    await seastate.close();
  }
}

/** From the request of an alert's first sample to its event on the live stream. */
async function alertLatency(): Promise<Record<string, number>> {
  const seastate = await (await Seastate.create()).start();
  try {
    const seen = new Map<string, number>();
    const live = await fetch(`${seastate.url}/api/v1/live`);
    void read(live.body!, (text) => {
      for (const [, name] of text.matchAll(/"alertname":"(A\d+)"/g)) {
        if (!seen.has(name!)) seen.set(name!, performance.now());
      }
    }).catch(() => {});
    const times: number[] = [];
    for (let i = 0; i < 200; i++) {
      const labels: [string, string][] = [
        ['__name__', 'ALERTS'],
        ['alertname', `A${i}`],
        ['alertstate', 'firing'],
        ['cluster', `c${i % 20}`],
      ];
      const body = compress(encodeRequest([{ labels, samples: [{ time: Date.now(), value: 1 }] }]));
      const start = performance.now();
      await post(seastate.url, 2, body);
      await until(() => seen.has(`A${i}`));
      times.push(seen.get(`A${i}`)! - start);
      await sleep(5);
    }
    times.sort((a, b) => a - b);
    return { 'p50 ms': times[99]!, 'p99 ms': times[197]! };
  } finally {
    await seastate.close();
  }
}

async function read(body: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of body) take(decoder.decode(chunk, { stream: true }));
}

/** Kill -9 under load, then the time until it takes writes and until it has caught up. */
async function recovery(series: number): Promise<Record<string, number>> {
  const seastate = await (await Seastate.create()).start();
  try {
    const requests = prepareBodies({ series, rounds: 6, clusters: 8, protocol: 2, seed: 1 });
    await postAll(
      seastate.url,
      2,
      requests.map(({ body }) => body),
    );
    await seastate.kill();
    const start = performance.now();
    await seastate.start();
    const ready = performance.now() - start;
    await caughtUp(seastate);
    const samples = requests.reduce((sum, r) => sum + r.samples + r.histograms, 0);
    return {
      'ready ms': ready,
      'caught up ms': performance.now() - start,
      'M samples of tail': samples / 1e6,
    };
  } finally {
    await seastate.close();
  }
}

/** Receive, keep, decode, alerts: without the detector and the cluster events. */
const alertsOnly = ['--set', 'settings.disabled=[anomalies, events]'];

export const cases: BenchCase[] = [
  {
    name: 'embedded RW2 10k series, alerts',
    run: () => wholeProcess(2, 10_000, 300, ...alertsOnly),
  },
  {
    name: 'embedded RW1 10k series, alerts',
    run: () => wholeProcess(1, 10_000, 300, ...alertsOnly),
  },
  {
    name: 'embedded RW2 100k series, alerts',
    run: () => wholeProcess(2, 100_000, 30, ...alertsOnly),
  },
  {
    name: 'embedded RW2 1M series, alerts',
    run: () => wholeProcess(2, 1_000_000, 3, ...alertsOnly),
  },
  { name: 'embedded RW2 10k series, everything', run: () => wholeProcess(2, 10_000, 300) },
  { name: 'embedded RW2 100k series, everything', run: () => wholeProcess(2, 100_000, 30) },
  { name: 'embedded latency of an alert', run: alertLatency },
  { name: 'embedded recovery after kill -9', run: () => recovery(100_000) },
];
