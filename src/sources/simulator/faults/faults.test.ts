import { describe, expect, test } from 'vitest';
import { type Collected, Collector, valueAt } from '../collect.test-kit.ts';
import { createFleet } from '../fleet.ts';
import type { KubernetesEvent } from '../kubernetes-events.ts';
import { stepCluster } from '../model/dynamics.ts';
import type { Cluster } from '../model/entities.ts';
import { storm } from '../storm.test-kit.ts';
import type { TruthItem } from '../truth.ts';
import { faults } from './faults.ts';

const { startMs } = storm;
const minuteMs = 60_000;

/** Plays one fault on a fleet of both flavours and gathers what it shows. */
function play(
  fault: string,
  {
    settings = {},
    cluster = 0,
    minutes = 30,
    seriesPerCluster = 1_400,
    seed = 5,
  }: {
    readonly settings?: Record<string, number>;
    readonly cluster?: number;
    readonly minutes?: number;
    readonly seriesPerCluster?: number;
    readonly seed?: number;
  },
) {
  const events: KubernetesEvent[] = [];
  const fleet = createFleet({
    ...storm,
    seed,
    seriesPerCluster,
    replicas: fault === 'replica_lost' ? 2 : 1,
    rolloutsPerHour: 0,
    script: [{ fault, afterMs: 5 * minuteMs, cluster, settings }],
    onKubernetesEvent: (event) => events.push(event),
  });
  const collector = new Collector(fleet).run(startMs + minutes * minuteMs);
  const { model } = fleet.clusters[cluster]!;
  const truth = fleet.truth().filter(({ fact }) => fact !== 'alert' && fact !== 'hpa_rescaled');
  const one = (fact: string): TruthItem => {
    const item = truth.find((candidate) => candidate.fact === fact);
    if (!item)
      throw new Error(`no ${fact} in ${truth.map((candidate) => candidate.fact).join(', ')}`);
    return item;
  };
  const series = (name: string, labels: Record<string, string> = {}): Collected[] =>
    collector.find(name, { cluster: model.name, ...labels });
  const reasons = events
    .filter((event) => event.cluster === model.name)
    .map(({ object }) => object.reason);
  return { fleet, model, truth, one, series, events, reasons };
}

const nodeOf = ({ object }: TruthItem): string => object.replace('Node/', '');
const podOf = ({ object }: TruthItem) => {
  const [, namespace = '', pod = ''] = object.split('/');
  return { namespace, pod };
};

/** Everything that a fault may turn stands where it was. */
function isCalm(model: Cluster): boolean {
  const workloads = [...model.workloads];
  const containers = workloads.flatMap(({ pods }) => [...pods]).flatMap((pod) => pod.containers);
  return (
    model.linkDownUntilMs === 0 &&
    workloads.every(
      (one) => one.latencyFactor === 1 && one.extraErrors === 0 && one.rateFactor === 1,
    ) &&
    containers.every((one) => one.extraCpu === 0 && one.leaked === 0) &&
    [...model.nodes].every(
      (one) =>
        one.up &&
        one.ready === 'true' &&
        one.extraMemory === 0 &&
        one.extraDisk === 0 &&
        !one.unschedulable &&
        !one.isFull &&
        !one.memoryPressure &&
        !one.diskPressure,
    ) &&
    [...model.members].every(({ apiUp }) => apiUp) &&
    [...model.operators].every((one) => !one.degraded && !one.progressing) &&
    model.replicas.every(({ up }) => up)
  );
}

/** Clusters on which each fault can be played, with its shortest settings. */
const brief: Record<
  string,
  { cluster?: number; settings?: Record<string, number>; seriesPerCluster?: number }
> = {
  cluster_scale_up: { cluster: 1, settings: { keptMs: 5 * minuteMs }, seriesPerCluster: 2_600 },
  deployment_scaled: { settings: { keptMs: 5 * minuteMs } },
  leader_changed: { settings: { count: 3 }, seriesPerCluster: 3_600 },
  vanilla_upgrade: { cluster: 1 },
  openshift_upgrade: { settings: { operatorMs: 30_000 } },
  memory_leak: { settings: { kills: 2, climbMs: 6 * minuteMs } },
  disk_filling: { settings: { fillMs: 10 * minuteMs, fullMs: 3 * minuteMs } },
  memory_pressure: { settings: { climbMs: 5 * minuteMs, durationMs: 5 * minuteMs } },
  crash_loop: { settings: { durationMs: 12 * minuteMs } },
  operator_degraded: { settings: { durationMs: 12 * minuteMs } },
};

describe.each([...faults.keys()])('%s', (name) => {
  const durationMs = 8 * minuteMs;
  const options = { settings: { durationMs }, ...brief[name], minutes: 50 };

  test('tells its truth, ends, and leaves no trace', () => {
    const { truth, model } = play(name, options);
    expect(truth.length).toBeGreaterThan(0);
    const ids = new Set(truth.map(({ id }) => id));
    for (const { fact, start, end, parent, cluster } of truth) {
      expect([fact, end]).toEqual([fact, expect.any(Number)]);
      expect(end!).toBeGreaterThanOrEqual(start);
      expect(parent === null || ids.has(parent)).toBe(true);
      expect(cluster).toBe(model.name);
    }
    expect(Math.min(...truth.map(({ start }) => start))).toBeGreaterThanOrEqual(
      startMs + 5 * minuteMs,
    );
    for (let i = 0; i < 60; i++) stepCluster(model);
    expect(isCalm(model)).toBe(true);
  });
});

test('memory_leak: memory climbs to the limit, the container is killed and starts again', () => {
  const { one, series, truth, reasons } = play('memory_leak', brief['memory_leak']!);
  const leak = one('memory_leak');
  const limit = leak.detail['limit'] as number;
  const container = leak.detail['container'] as string;
  const kills = truth.filter(({ fact }) => fact === 'container_oom_killed');
  expect(kills).toHaveLength(2);
  const lives = series('container_memory_working_set_bytes', { ...podOf(leak), container });
  // Each life is a series of its own, as cAdvisor has the container's id in its labels.
  expect(lives).toHaveLength(3);
  const before = lives[0]!.values.filter((value) => !Number.isNaN(value)).at(-1)!;
  expect(before).toBeGreaterThan(limit * 0.8);
  expect(lives[1]!.values[0]!).toBeLessThan(limit * 0.6);
  const [restarts] = series('kube_pod_container_status_restarts_total', {
    ...podOf(leak),
    container,
  });
  expect(valueAt(restarts!, kills[1]!.start + minuteMs)).toBe(2);
  const [reason] = series('kube_pod_container_status_last_terminated_reason', {
    ...podOf(leak),
    container,
  });
  expect(reason!.labels['reason']).toBe('OOMKilled');
  expect(reason!.times[0]! - kills[0]!.start).toBeLessThanOrEqual(storm.intervalMs);
  // No event says that a container was out of memory.
  expect(reasons).not.toContain('OOMKilling');
  expect(reasons).toContain('Started');
});

test('disk_filling: the volume fills up, then there is room again', () => {
  const { one, series } = play('disk_filling', {
    settings: { node: 0, fillMs: 10 * minuteMs, fullMs: 3 * minuteMs },
  });
  const fact = one('disk_filling');
  const [, namespace = '', persistentvolumeclaim = ''] = fact.object.split('/');
  const labels = { namespace, persistentvolumeclaim };
  const [free] = series('kubelet_volume_stats_available_bytes', labels);
  const [size] = series('kubelet_volume_stats_capacity_bytes', labels);
  const share = (timeMs: number): number => valueAt(free!, timeMs) / valueAt(size!, timeMs);
  expect(share(fact.start)).toBeGreaterThan(0.25);
  expect(share(fact.end! - minuteMs)).toBeLessThan(0.03);
  expect(share(fact.end! + minuteMs)).toBeGreaterThan(0.5);
});

test('disk_filling on a node: pressure while it is full', () => {
  const { one, series, reasons } = play('disk_filling', {
    settings: { node: 1, fillMs: 10 * minuteMs, fullMs: 3 * minuteMs },
  });
  const pressure = one('node_disk_pressure');
  const node = nodeOf(pressure);
  const [condition] = series('kube_node_status_condition', {
    node,
    condition: 'DiskPressure',
    status: 'true',
  });
  expect(valueAt(condition!, pressure.start)).toBe(0);
  expect(valueAt(condition!, pressure.start + minuteMs)).toBe(1);
  expect(valueAt(condition!, pressure.end! + minuteMs)).toBe(0);
  const [free] = series('node_filesystem_avail_bytes', { instance: node, mountpoint: '/' });
  expect(valueAt(free!, pressure.end!) / 120e9).toBeLessThan(0.12);
  expect(reasons).toContain('NodeHasDiskPressure');
  expect(reasons).toContain('NodeHasNoDiskPressure');
});

test('latency_step: slower from one scrape to the next, and back', () => {
  const { one, series } = play('latency_step', {
    settings: { durationMs: 8 * minuteMs, factor: 5 },
  });
  const fact = one('latency_step');
  const [, namespace = '', service = ''] = fact.object.split('/');
  const mean = (fromMs: number, toMs: number): number => {
    const grown = (name: string): number =>
      series(name, { namespace, service }).reduce(
        (sum, one_) => sum + valueAt(one_, toMs) - valueAt(one_, fromMs),
        0,
      );
    return (
      grown('http_request_duration_seconds_sum') / grown('http_request_duration_seconds_count')
    );
  };
  const before = mean(fact.start - 4 * minuteMs, fact.start);
  expect(mean(fact.start + minuteMs, fact.end!) / before).toBeGreaterThan(3);
  expect(mean(fact.end! + 2 * minuteMs, fact.end! + 6 * minuteMs) / before).toBeLessThan(1.5);
});

test('crash_loop: waits longer each time, and says so', () => {
  const { one, series, events } = play('crash_loop', { settings: { durationMs: 15 * minuteMs } });
  const fact = one('crash_loop');
  const [waiting] = series('kube_pod_container_status_waiting_reason', {
    ...podOf(fact),
    reason: 'CrashLoopBackOff',
  });
  expect(waiting!.times.length).toBeGreaterThan(5);
  const [restarts] = series('kube_pod_container_status_restarts_total', podOf(fact));
  const count = valueAt(restarts!, fact.end!);
  expect(count).toBeGreaterThan(4);
  expect(count).toBeLessThan(12);
  const backOffs = events.filter(
    ({ object }) => object.reason === 'BackOff' && object.type === 'Warning',
  );
  expect(backOffs[0]).toMatchObject({
    type: 'ADDED',
    object: { count: 1, involvedObject: { kind: 'Pod', name: podOf(fact).pod } },
  });
  // The same fact again raises the count of the same object.
  expect(backOffs.at(-1)).toMatchObject({ type: 'MODIFIED', object: { count: backOffs.length } });
  expect(new Set(backOffs.map(({ object }) => object.metadata.name)).size).toBe(1);
});

test('node_lost: unknown after the grace period, its pods move after five minutes, it comes back', () => {
  const { one, series, reasons } = play('node_lost', {
    cluster: 1,
    minutes: 40,
    settings: { durationMs: 20 * minuteMs, gone: 0, reboot: 1 },
  });
  const fact = one('node_lost');
  const node = nodeOf(fact);
  const [unknown] = series('kube_node_status_condition', {
    node,
    condition: 'Ready',
    status: 'unknown',
  });
  expect(valueAt(unknown!, fact.start + 40_000)).toBe(0);
  expect(valueAt(unknown!, fact.start + 100_000)).toBe(1);
  expect(valueAt(unknown!, fact.end! + minuteMs)).toBe(0);
  const [up] = series('up', { job: 'node-exporter', instance: node });
  expect(valueAt(up!, fact.start + minuteMs)).toBe(0);
  expect(valueAt(up!, fact.end! + minuteMs)).toBe(1);
  expect(reasons).toEqual(
    expect.arrayContaining(['NodeNotReady', 'TaintManagerEviction', 'NodeReady']),
  );
});

test('node_lost for good: its series end', () => {
  const { one, series, reasons, model } = play('node_lost', {
    cluster: 1,
    settings: { durationMs: 10 * minuteMs, gone: 1 },
  });
  const gone = one('node_removed');
  const [created] = series('kube_node_created', { node: nodeOf(gone) });
  expect(created!.values.at(-1)).toBeNaN();
  expect(created!.times.at(-1)! - gone.start).toBeLessThanOrEqual(storm.intervalMs);
  expect(reasons).toContain('RemovingNode');
  expect([...model.nodes].some(({ name }) => name === nodeOf(gone))).toBe(false);
  expect(
    [...model.workloads].every(({ pods }) => [...pods].every(({ node }) => node !== null)),
  ).toBe(true);
});

test('memory_pressure: condition, eviction, recovery', () => {
  const { one, series, events } = play('memory_pressure', brief['memory_pressure']!);
  const pressure = one('node_memory_pressure');
  const node = nodeOf(pressure);
  const [condition] = series('kube_node_status_condition', {
    node,
    condition: 'MemoryPressure',
    status: 'true',
  });
  expect(valueAt(condition!, pressure.start + minuteMs)).toBe(1);
  expect(valueAt(condition!, pressure.end! + minuteMs)).toBe(0);
  const [available] = series('node_memory_MemAvailable_bytes', { instance: node });
  const [size] = series('node_memory_MemTotal_bytes', { instance: node });
  expect(valueAt(available!, pressure.start + 2 * minuteMs) / size!.values[0]!).toBeLessThan(0.08);
  const evicted = one('pod_evicted');
  expect(series('kube_pod_status_reason', { ...podOf(evicted), reason: 'Evicted' })).toHaveLength(
    1,
  );
  expect(events.find(({ object }) => object.reason === 'Evicted')?.object.message).toContain(
    'low on resource: memory',
  );
});

test('noisy_neighbour: the node is busy and its other pods become slower', () => {
  const { one, series } = play('noisy_neighbour', { settings: { durationMs: 8 * minuteMs } });
  const fact = one('noisy_neighbour');
  const [ratio] = series('node_load1', { instance: fact.detail['node'] as string });
  expect(valueAt(ratio!, fact.end!) / valueAt(ratio!, fact.start)).toBeGreaterThan(1.5);
});

test('cluster_scale_up: pods wait, nodes join, later they go', () => {
  const { one, series, reasons, truth } = play('cluster_scale_up', {
    ...brief['cluster_scale_up']!,
    settings: { nodes: 2, keptMs: 5 * minuteMs },
  });
  const up = one('cluster_scale_up');
  expect(truth.filter(({ fact }) => fact === 'node_joined')).toHaveLength(2);
  expect(truth.filter(({ fact }) => fact === 'node_removed')).toHaveLength(2);
  expect(series('kube_pod_status_unschedulable').length).toBeGreaterThanOrEqual(2);
  const [added] = series('cluster_autoscaler_scaled_up_nodes_total');
  expect(valueAt(added!, up.end!)).toBe(2);
  for (const reason of [
    'ScaledUpGroup',
    'TriggeredScaleUp',
    'FailedScheduling',
    'RegisteredNode',
    'ScaleDownEmpty',
    'RemovingNode',
  ]) {
    expect(reasons).toContain(reason);
  }
});

test('leader_changed: every member sees it, one of them leads', () => {
  const { truth, series } = play('leader_changed', brief['leader_changed']!);
  const changes = truth.filter(({ fact }) => fact === 'leader_changed');
  expect(changes).toHaveLength(3);
  const seen = series('etcd_server_leader_changes_seen_total');
  expect(seen).toHaveLength(3);
  for (const one of seen) expect(one.values.at(-1)! - one.values[0]!).toBe(3);
  const leaders = series('etcd_server_is_leader').map(({ values }) => values.at(-1)!);
  expect(leaders.reduce((sum, one) => sum + one, 0)).toBe(1);
});

test('openshift_upgrade: payload, operators, pools, nodes', () => {
  const { one, series, truth, reasons } = play('openshift_upgrade', {
    ...brief['openshift_upgrade']!,
    minutes: 50,
  });
  const upgrade = one('cluster_upgrade');
  const control = one('upgrade_control_plane');
  const { from, to } = upgrade.detail as { from: string; to: string };
  const [updating] = series('cluster_version', { type: 'updating', version: to });
  expect(updating!.times[0]! - control.start).toBeLessThanOrEqual(storm.intervalMs);
  expect(updating!.values.at(-1)).toBeNaN();
  expect(updating!.values[0]).toBe(Math.floor(control.start / 1000));
  const [completed] = series('cluster_version', { type: 'completed', version: to });
  expect(completed!.values[0]).toBe(Math.floor(control.end! / 1000));
  expect(upgrade.end!).toBeGreaterThan(control.end!);
  for (const { labels } of series('cluster_operator_up', { version: from })) {
    const [after] = series('cluster_operator_up', { name: labels['name']!, version: to });
    expect(after!.values[0]).toBe(1);
  }
  const [updated] = series('mco_updated_machine_count', { pool: 'worker' });
  const [machines] = series('mco_machine_count', { pool: 'worker' });
  expect(Math.min(...updated!.values)).toBe(0);
  expect(updated!.values.at(-1)).toBe(machines!.values.at(-1));
  const nodes = truth.filter(({ fact }) => fact === 'upgrade_node');
  expect(nodes).toHaveLength(3);
  for (const item of nodes) {
    const infos = series('kube_node_info', { node: nodeOf(item) });
    expect(infos.map(({ labels }) => labels['kubelet_version'])).toEqual([
      item.detail['from'],
      item.detail['to'],
    ]);
  }
  for (const reason of [
    'PayloadLoaded',
    'OperatorVersionChanged',
    'Drain',
    'Rebooted',
    'Completed',
  ]) {
    expect(reasons).toContain(reason);
  }
});

test('vanilla_upgrade: versions change one node after the other, and no event says so', () => {
  const { one, series, reasons } = play('vanilla_upgrade', { cluster: 1, minutes: 40 });
  const { from, to } = one('cluster_upgrade').detail as { from: string; to: string };
  expect(series('kubernetes_build_info', { git_version: from })).toHaveLength(1);
  expect(series('kubernetes_build_info', { git_version: to })).toHaveLength(1);
  const infos = series('kube_node_info', { kubelet_version: to });
  expect(infos).toHaveLength(3);
  expect(new Set(infos.map(({ times }) => times[0])).size).toBe(3);
  expect(reasons).not.toContain('Completed');
});

test('silent_cluster: nothing comes, and nothing is marked as stale', () => {
  const { one, series } = play('silent_cluster', { settings: { durationMs: 6 * minuteMs } });
  const gap = one('metrics_gap');
  for (const { times, values } of series('up')) {
    expect(times.some((time) => time > gap.start && time < gap.end!)).toBe(false);
    expect(times.some((time) => time > gap.end!)).toBe(true);
    expect(values.some((value) => Number.isNaN(value))).toBe(false);
  }
});

test('replica_lost: the other one goes on', () => {
  const { one, series } = play('replica_lost', { settings: { durationMs: 6 * minuteMs } });
  const lost = one('replica_lost');
  const during = (replica: string): number =>
    series('node_load1', { prometheus_replica: replica })
      .flatMap(({ times }) => times)
      .filter((time) => time > lost.start && time < lost.end!).length;
  const dead = lost.object.replace('Prometheus/', '');
  const alive = dead.endsWith('0') ? 'prometheus-k8s-1' : 'prometheus-k8s-0';
  expect([during(dead), during(alive) > 0]).toEqual([0, true]);
});
