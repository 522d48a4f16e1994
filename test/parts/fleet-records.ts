import { hashVersion } from '../../src/core/placement.ts';
import {
  encodeKubernetesEvent,
  kubernetesEventVersion,
} from '../../src/formats/kubernetes-events/event.ts';
import { encodeRequest, type SeriesInput } from '../../src/formats/remote-write/encode.ts';
import { compress } from '../../src/formats/snappy/snappy.ts';
import type { NewRecord } from '../../src/log/log.ts';
import { histogram } from '../gateway/histogram.ts';

type Labels = [name: string, value: string][];

/**
 * Settings under which the fleet has anomalies and scores within a test's time; two models are a
 * user's.
 */
export const fleetSettings = {
  anomalies: {
    routes: [
      {
        select: '{__name__="wave"}',
        model: 'static-threshold',
        parameters: { above: 5 },
        per_series_day: 1000,
        per_cluster_day: 1e6,
      },
      {
        select: '{__name__="swell"}',
        model: 'swell',
        parameters: { cut: 2 },
        per_cluster_day: 1e6,
      },
      { select: '{__name__="load",instance="i3"}', model: 'my-ewma-band', per_series_day: 1000 },
      {
        select: '{__name__=~"load|latency_seconds_bucket|size_bytes"}',
        model: 'ewma-band',
        per_series_day: 1000,
      },
    ],
    scores: ['{__name__=~"wave|swell|load|latency_seconds|size_bytes"}'],
  },
};

/** Round from which the second replica is followed: the first one is silent then. */
const failover = 12;

/**
 * Records of a small fleet for equality tests: alerts that come and go, a node under pressure,
 * waves that are told as anomalies, a backlog of two hours, a pair of replicas of which one falls
 * silent, a clock that is an hour ahead, a sample dated 2030, records that cannot be used. `round`
 * counts scrapes of 15 s; `nowMs` is when they are appended.
 */
export function fleetRecords(partition: number, round: number, nowMs: number): NewRecord[] {
  const records: NewRecord[] = [];
  for (const name of ['a', 'b', 'late', 'ahead']) {
    const cluster = `${name}-${partition}`;
    const pair = round < failover ? ['0', '1'] : ['1'];
    for (const replica of name === 'b' ? pair : ['']) {
      const time = senderTime(name, round, nowMs);
      const series = scrape(round + partition, time, replica);
      if (name === 'a' && round % 11 === 5) series.push(gauge('odd', [], Date.UTC(2030, 0), 1));
      records.push(samples(cluster, series));
    }
  }
  if (round % 4 === 1) records.push(pressure(partition, round, nowMs));
  if (round % 7 === 3) records.push(unusable(partition));
  if (round % 5 === 2) records.push(heartbeat);
  if (round % 13 === 6) records.push({ headers: { kind: 'checkpoint' }, value: null });
  if (round % 9 === 4) records.push({ headers: { kind: 'of another team' }, value: null });
  return records;
}

const heartbeat: NewRecord = {
  headers: { kind: 'heartbeat' },
  value: Buffer.from(JSON.stringify({ partitions: 4, hashVersion })),
};

function senderTime(name: string, round: number, nowMs: number): number {
  if (name === 'late') return nowMs - 7_200_000 + round * 60_000;
  if (name === 'b' && round >= failover) return nowMs + 40_000;
  return name === 'ahead' ? nowMs + 3_600_000 : nowMs;
}

function scrape(phase: number, time: number, replica: string): SeriesInput[] {
  const own: Labels = replica === '' ? [] : [['prometheus_replica', replica]];
  const series = Array.from({ length: 20 }, (_, i) =>
    gauge('up', [['instance', `i${i}`], ...own], time, i % 2),
  );
  series.push(gauge('apiserver_request_total', [['code', '200'], ...own], time, phase * 17));
  series.push(gauge('wave', own, time, phase % 9), gauge('swell', own, time, phase % 8));
  for (let i = 0; i < 4; i++) {
    series.push(gauge('load', [['instance', `i${i}`], ...own], time, (phase * (i + 3)) % 7));
  }
  series.push(...histograms(own, time, phase));
  for (let i = 0; i < 4; i++) {
    const step = (phase + i * 3) % 8;
    if (step < 3) continue;
    const labels: Labels = [
      ['alertname', `Down${i}`],
      ['alertstate', step === 3 ? 'pending' : 'firing'],
      ['severity', 'critical'],
      ...own,
    ];
    series.push(gauge('ALERTS', labels, time, step === 7 ? 'stale' : 1));
  }
  return series;
}

/** A classic and a native one: every thirteenth scrape is a reset, every seventh comes in part. */
function histograms(own: Labels, time: number, phase: number): SeriesInput[] {
  const seen = 40 * (1 + (phase % 13));
  const buckets = ['0.1', '1', '+Inf'].map((le, k) => {
    const count = k > 0 ? seen : seen / 2 + (phase % 9);
    return gauge('latency_seconds_bucket', [['le', le], ...own], time, count);
  });
  const message = histogram({
    time,
    count: 2 * seen,
    schema: 0,
    positiveSpans: [[10, 2]],
    positiveDeltas: [seen, 0],
  });
  const { labels } = gauge('size_bytes', own, time, 0);
  const native = { labels, histograms: [message] };
  return [...(phase % 7 === 6 ? buckets.slice(1) : buckets), native];
}

function gauge(name: string, labels: Labels, time: number, value: number | 'stale'): SeriesInput {
  const all: Labels = [['__name__', name], ...labels];
  return { labels: all.sort(([a], [b]) => (a < b ? -1 : 1)), samples: [{ time, value }] };
}

function samples(cluster: string, series: SeriesInput[]): NewRecord {
  const headers = { kind: 'samples', tenant: 't', cluster, encoding: 'snappy' };
  return { headers, value: compress(encodeRequest(series)) };
}

function unusable(partition: number): NewRecord {
  const headers = { kind: 'samples', tenant: 't', cluster: `a-${partition}`, encoding: 'snappy' };
  return { headers, value: Buffer.from('this is no snappy block') };
}

/** A node comes under memory pressure, and out of it again. */
function pressure(partition: number, round: number, time: number): NewRecord {
  const reason = round % 8 === 1 ? 'NodeHasInsufficientMemory' : 'NodeHasSufficientMemory';
  const value = encodeKubernetesEvent({
    version: kubernetesEventVersion,
    cluster: null,
    verb: null,
    name: `worker-1.${round}`,
    uid: `u${round}`,
    kind: 'Node',
    namespace: '',
    object: 'worker-1',
    container: '',
    reason,
    type: 'Normal',
    message: `Node worker-1 status is now: ${reason}`,
    component: 'kubelet',
    host: 'worker-1',
    first: time,
    last: time,
    eventTime: null,
    created: time,
    start: time,
    end: time,
    count: 1,
    series: null,
  });
  return { headers: { kind: 'kubernetes-event', tenant: 't', cluster: `a-${partition}` }, value };
}
