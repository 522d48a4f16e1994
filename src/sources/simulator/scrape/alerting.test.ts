import { expect, test } from 'vitest';
import { type Collected, Collector, valueAt } from '../collect.test-kit.ts';
import { createFleet, type Fleet } from '../fleet.ts';
import type { ScriptedFault } from '../options.ts';
import { storm } from '../storm.test-kit.ts';
import type { TruthItem } from '../truth.ts';

const { startMs } = storm;
const minuteMs = 60_000;
const evaluationMs = 30_000;

function run(script: readonly ScriptedFault[], untilMinutes: number) {
  const fleet = createFleet({ ...storm, replicas: 1, rolloutsPerHour: 0, script });
  const collector = new Collector(fleet).run(startMs + untilMinutes * minuteMs);
  return { fleet, collector };
}

/** Alerts of one name in the truth. */
const alertsOf = (fleet: Fleet, alertname: string): TruthItem[] =>
  fleet.truth().filter(({ fact, object }) => fact === 'alert' && object === alertname);

const first = ({ times }: Collected): number => times[0]!;
const last = ({ times }: Collected): number => times.at(-1)!;
const endsStale = ({ values }: Collected): boolean => Number.isNaN(values.at(-1)!);

test('pending for the time of the rule, then firing, then stale', () => {
  const { fleet, collector } = run(
    [
      {
        fault: 'latency_step',
        afterMs: 5 * minuteMs,
        cluster: 0,
        settings: { durationMs: 6 * minuteMs, factor: 5 },
      },
    ],
    15,
  );
  const alertname = 'ServiceLatencyHigh';
  const [pending] = collector.find('ALERTS', { alertname, alertstate: 'pending' });
  const [firing] = collector.find('ALERTS', { alertname, alertstate: 'firing' });
  const [since] = collector.find('ALERTS_FOR_STATE', { alertname });
  const fault = fleet.truth().find(({ fact }) => fact === 'latency_step')!;

  expect(firing!.labels).toMatchObject({
    severity: 'critical',
    namespace: expect.any(String),
    service: expect.any(String),
  });
  expect(first(pending!)).toBeGreaterThan(fault.start);
  expect(first(pending!)).toBeLessThanOrEqual(fault.start + 30_000 + evaluationMs);
  expect(first(firing!)).toBe(first(pending!) + 2 * minuteMs);
  // The pending series ends in the very evaluation that makes it fire.
  expect([last(pending!), endsStale(pending!)]).toEqual([first(firing!), true]);
  expect(firing!.values.slice(0, -1).every((value) => value === 1)).toBe(true);
  expect([last(since!), endsStale(since!)]).toEqual([last(firing!), true]);
  expect(
    since!.values.slice(0, -1).every((value) => value === Math.floor(first(pending!) / 1000)),
  ).toBe(true);
  expect(alertsOf(fleet, alertname)).toMatchObject([{ start: first(firing!), end: last(firing!) }]);
  expect(last(firing!)).toBeGreaterThan(fault.end!);
  expect(last(firing!)).toBeLessThanOrEqual(fault.end! + 30_000 + evaluationMs);
});

test('what ends while it is pending never fires', () => {
  const { fleet, collector } = run(
    [
      {
        fault: 'latency_step',
        afterMs: 5 * minuteMs,
        cluster: 0,
        settings: { durationMs: 80_000, factor: 5 },
      },
    ],
    12,
  );
  const alertname = 'ServiceLatencyHigh';
  expect(collector.find('ALERTS', { alertname, alertstate: 'firing' })).toEqual([]);
  const [pending] = collector.find('ALERTS', { alertname, alertstate: 'pending' });
  expect(endsStale(pending!)).toBe(true);
  expect(alertsOf(fleet, alertname)).toEqual([]);
});

test('Watchdog fires from the first evaluation on, for ever', () => {
  const { fleet, collector } = run([], 10);
  const watchdogs = collector.find('ALERTS', { alertname: 'Watchdog' });
  expect(watchdogs.map(({ labels }) => labels['alertstate'])).toEqual(['firing', 'firing']);
  for (const { times, values } of watchdogs) {
    expect(times[0]! - startMs).toBeLessThanOrEqual(evaluationMs);
    expect(values.every((value) => value === 1)).toBe(true);
    expect(times.every((time, i) => i === 0 || time - times[i - 1]! === evaluationMs)).toBe(true);
  }
  expect(alertsOf(fleet, 'Watchdog').map(({ end }) => end)).toEqual([null, null]);
});

test('after a restart long alerts are restored and short ones begin anew, without stale markers', () => {
  const { collector } = run(
    [
      {
        fault: 'latency_step',
        afterMs: 5 * minuteMs,
        cluster: 0,
        settings: { durationMs: 40 * minuteMs, factor: 5 },
      },
      {
        fault: 'crash_loop',
        afterMs: 2 * minuteMs,
        cluster: 0,
        settings: { durationMs: 45 * minuteMs },
      },
      {
        fault: 'prometheus_restart',
        afterMs: 25 * minuteMs,
        cluster: 0,
        settings: { durationMs: 70_000 },
      },
    ],
    40,
  );
  const downMs = startMs + 25 * minuteMs;
  const upMs = downMs + 70_000;
  const firing = (alertname: string): Collected =>
    collector.find('ALERTS', { alertname, alertstate: 'firing' })[0]!;
  for (const alertname of ['ServiceLatencyHigh', 'KubePodCrashLooping']) {
    const { times, values } = firing(alertname);
    const during = times.filter((time) => time > downMs && time < upMs);
    expect(during).toEqual([]);
    expect(values.some((value) => Number.isNaN(value))).toBe(false);
  }
  const after = ({ times }: Collected): number => times.find((time) => time > upMs)!;
  // The first evaluation shows nothing, the second one what was restored.
  expect(after(firing('KubePodCrashLooping')) - upMs).toBeLessThanOrEqual(2 * evaluationMs);
  expect(after(firing('ServiceLatencyHigh')) - upMs).toBeGreaterThan(2 * minuteMs);
  expect(after(firing('Watchdog')) - upMs).toBeLessThanOrEqual(2 * evaluationMs);
});

test('each replica of a pair evaluates for itself', () => {
  const fleet = createFleet({
    ...storm,
    replicas: 2,
    rolloutsPerHour: 0,
    clusters: 1,
    script: [
      {
        fault: 'latency_step',
        afterMs: 5 * minuteMs,
        cluster: 0,
        settings: { durationMs: 6 * minuteMs, factor: 5 },
      },
    ],
  });
  const collector = new Collector(fleet).run(startMs + 15 * minuteMs);
  const firing = collector.find('ALERTS', {
    alertname: 'ServiceLatencyHigh',
    alertstate: 'firing',
  });
  expect(firing.map(({ labels }) => labels['prometheus_replica']).sort()).toEqual([
    'prometheus-k8s-0',
    'prometheus-k8s-1',
  ]);
  const [a, b] = firing;
  expect(first(a!)).not.toBe(first(b!));
  expect(Math.abs(first(a!) - first(b!))).toBeLessThanOrEqual(evaluationMs);
  const items = alertsOf(fleet, 'ServiceLatencyHigh');
  expect(items.map(({ detail }) => detail['replica']).sort()).toEqual([
    'prometheus-k8s-0',
    'prometheus-k8s-1',
  ]);
  for (const { start, end, detail } of items) {
    const one = firing.find(({ labels }) => labels['prometheus_replica'] === detail['replica'])!;
    expect([start, end]).toEqual([first(one), last(one)]);
  }
});

test('the alert agrees with the series that it is about', () => {
  const { collector } = run(
    [
      {
        fault: 'node_lost',
        afterMs: 5 * minuteMs,
        cluster: 1,
        settings: { durationMs: 25 * minuteMs, gone: 0, reboot: 0 },
      },
    ],
    45,
  );
  const [firing] = collector.find('ALERTS', {
    alertname: 'KubeNodeNotReady',
    alertstate: 'firing',
  });
  const { node = '', cluster = '' } = firing!.labels;
  const [unknown] = collector.find('kube_node_status_condition', {
    cluster,
    node,
    condition: 'Ready',
    status: 'unknown',
  });
  expect(valueAt(unknown!, first(firing!))).toBe(1);
  const [pending] = collector.find('ALERTS', {
    alertname: 'KubeNodeNotReady',
    alertstate: 'pending',
  });
  expect(valueAt(unknown!, first(pending!) - 2 * minuteMs)).toBe(0);
});
