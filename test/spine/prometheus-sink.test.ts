import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { SeriesInput } from '../../src/formats/remote-write/encode.ts';
import { histogram } from '../gateway/histogram.ts';
import { prometheus3, prometheusDebian } from '../parts/programs.ts';
import { type Prometheus, startPrometheus } from '../parts/prometheus.ts';
import { Seastate, until } from '../parts/seastate.ts';
import { write } from '../parts/write.ts';
import { samplesOf } from './read-back.ts';

let seastate: Seastate;
let receiver: Prometheus;
let folder: string;
afterEach(async () => {
  await seastate?.close();
  await receiver?.close();
  await rm(folder, { recursive: true, force: true });
});

const configOf = (url: string): string => `
process:
  partitions: 2
  sinks:
    prometheus:
      - {name: out, url: ${url}/api/v1/write, backoff_max: 200ms}
settings:
  version: 1
  anomalies:
    routes: [{select: '{__name__=~"depth|latency_seconds_bucket|size_bytes"}', model: ewma-band}]
    scores: ['{}']
`;

const rounds = 60;
const seriesPerCluster = 25;
/** Two quantiles of a classic histogram and of a native one, and the native one's rate. */
const ofHistograms = 2 + 3;
/**
 * Score, expected value and both bounds of every sample; a histogram has nothing to say at first.
 */
const scoreCount = (rounds * seriesPerCluster + (rounds - 1) * ofHistograms) * 2 * 4;

function histograms(cluster: string, time: number, round: number): SeriesInput[] {
  const seen = (round + 1) * 40;
  const classic = ['0.1', '1', '+Inf'].map((le, k) => ({
    labels: [
      ['__name__', 'latency_seconds_bucket'],
      ['cluster', cluster],
      ['le', le],
    ] as [string, string][],
    samples: [{ time, value: k === 0 ? seen - 7 * round : seen }],
  }));
  const message = histogram({
    time,
    count: 3 * seen,
    schema: 0,
    positiveSpans: [[10, 2]],
    positiveDeltas: [seen, seen],
  });
  const labels: [string, string][] = [
    ['__name__', 'size_bytes'],
    ['cluster', cluster],
  ];
  return [...classic, { labels, histograms: [message] }];
}

/** One round of samples of two clusters. */
async function send(url: string, time: number, round: number): Promise<void> {
  const requests = ['c1', 'c2'].map(async (cluster) => {
    const depths = Array.from({ length: seriesPerCluster }, (_, i) => ({
      labels: [
        ['__name__', 'depth'],
        ['cluster', cluster],
        ['i', String(i)],
      ] as [string, string][],
      samples: [{ time, value: 100 + ((round * 7 + i * 3) % 11) }],
    }));
    expect(await write(url, [...depths, ...histograms(cluster, time, round)])).toBe(204);
  });
  await Promise.all(requests);
}

/** Kubernetes events of a node under memory pressure, or well again. */
async function tellNode(url: string, reason: string): Promise<void> {
  const time = new Date().toISOString();
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `worker-1.${reason}`, namespace: 'default', uid: reason },
    involvedObject: { kind: 'Node', name: 'worker-1', uid: 'worker-1' },
    reason,
    message: `Node worker-1 status is now: ${reason}`,
    type: 'Normal',
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
    source: { component: 'kubelet', host: 'worker-1' },
  };
  const body = JSON.stringify(event);
  const response = await fetch(`${url}/api/v1/events?cluster=c1`, { method: 'POST', body });
  expect(response.status).toBe(200);
}

const scores = '{__name__=~"seastate_(anomaly_score|expected|lower|upper)"}[1h]';
const medians = (metric: string): string =>
  `count_over_time(seastate_expected{metric="${metric}",quantile="0.5",cluster="c1"}[1h])`;
const active = 'seastate_event_active{object="Node/worker-1"}';

describe.each([
  ['Debian, remote write 1.0', prometheusDebian, '1.0'],
  ['3.x, remote write 2.0', prometheus3, '2.0'],
])('a real Prometheus (%s)', (_name, binary, protocol) => {
  test.runIf(binary)(
    'has every score, and which events last, after kills in mid-send',
    async () => {
      folder = await mkdtemp(join(tmpdir(), 'seastate-sink-'));
      receiver = await startPrometheus({
        binary: binary!,
        configYaml: 'global: {}\n',
        flags: ['--web.enable-remote-write-receiver'],
      });
      const file = join(folder, 'seastate.yaml');
      await writeFile(file, configOf(receiver.url));
      seastate = await (await Seastate.create('--config', file)).start();
      await tellNode(seastate.url, 'NodeHasInsufficientMemory');
      const began = Date.now() - 600_000;
      for (let round = 0; round < rounds; round++) {
        await send(seastate.url, began + round * 5_000, round);
        if (round % 20 === 13) {
          await sleep(30 * (round / 20));
          await seastate.kill();
          await seastate.start();
        }
        if (round === 30) {
          await receiver.kill();
          await sleep(300);
          await receiver.restart();
        }
      }
      const received = async () => await receiver.samples(scores);
      await until(async () => (await received()).size === scoreCount, 60_000);
      const told = [...(await samplesOf(seastate.folder, 'scores'))];
      expect(await received()).toEqual(new Set(told.filter((line) => !line.endsWith('stale'))));
      for (const metric of ['latency_seconds', 'size_bytes']) {
        const value = [expect.any(Number), String(rounds - 1)];
        expect(await receiver.query(medians(metric))).toMatchObject([{ value }]);
      }
      // An event is told at the end of a tick, which scores do not wait for.
      await until(async () => (await receiver.query(active)).length > 0, 60_000);
      expect((await receiver.query(active))[0]).toMatchObject({
        metric: { cluster: 'c1', fact: 'node_memory_pressure', tenant: 'default' },
        value: [expect.any(Number), '1'],
      });

      await tellNode(seastate.url, 'NodeHasSufficientMemory');
      await seastate.kill();
      await seastate.start();
      await until(async () => (await receiver.query(active)).length === 0, 60_000);
      const metrics = await (await fetch(`${seastate.url}/metrics`)).text();
      expect(metrics).toMatch(/seastate_sink_up\{sink="out"\} 1/);
      expect(metrics).not.toMatch(/seastate_sink_refused_samples_total\{/);
      const isOld = seastate.log.some((line) => line.includes('takes remote write 1.0 only'));
      expect(isOld).toBe(protocol === '1.0');
    },
  );
});
