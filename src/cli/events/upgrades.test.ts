import { describe, expect, it } from 'vitest';
import type { Interval } from '../../processors/events/interval.ts';
import { Script } from './script.test-kit.ts';

const nodes = ['n1', 'n2', 'n3'];
const daemon = { component: 'machineconfigdaemon', host: '' };
const controller = { component: 'node-controller', host: '' };

/** An OpenShift upgrade from 590 s on; its control plane is done at 1795 s, its pool later. */
function openshift(): Script {
  const script = new Script().healthy(0, 7200, nodes);
  const version = (at: number, type: string, v: string, value: number | null): void => {
    script.metric(at, 'cluster_version', { type, version: v }, value);
  };
  const epoch = (at: number): number => script.start / 1000 + at;
  version(0, 'current', '4.20.3', epoch(-9000));
  version(600, 'desired', '4.20.6', epoch(590));
  version(645, 'updating', '4.20.6', epoch(640));
  version(1800, 'completed', '4.20.6', epoch(1795));
  version(1800, 'updating', '4.20.6', null);
  for (const [at, done] of [
    [645, 0],
    [1200, 400],
    [1800, 800],
  ] as const) {
    const labels = { version: '4.20.6' };
    script.metric(at, 'cluster_version_payload', { ...labels, type: 'applied' }, done);
    script.metric(at, 'cluster_version_payload', { ...labels, type: 'pending' }, 800 - done);
  }
  const pool = { kind: 'MachineConfigPool', object: 'worker', component: 'mcc', host: '' };
  return script
    .event(1810, { ...pool, reason: 'Updating', message: 'Pool worker now targeting X' })
    .event(5000, { ...pool, reason: 'Completed', message: 'Pool worker has completed' });
}

/** What the machine config daemon does to a node, with a reboot of 100 s. */
function updated(script: Script, node: string, at: number): void {
  const on = { object: node, host: node };
  script
    .event(at, { ...daemon, object: node, reason: 'Cordon' })
    .event(at + 1, { ...on, reason: 'NodeNotSchedulable' })
    .event(at + 60, { ...daemon, object: node, reason: 'Reboot' })
    .event(at + 62, { ...on, reason: 'NodeNotReady' })
    .event(at + 160, { ...on, reason: 'Starting', message: 'Starting kubelet.' })
    .event(at + 161, { ...on, reason: 'Rebooted', message: `Node ${node} has been rebooted` })
    .event(at + 165, { ...on, reason: 'NodeReady' })
    .event(at + 180, { ...daemon, object: node, reason: 'Uncordon' })
    .event(at + 181, { ...on, reason: 'NodeSchedulable' });
}

/** `fact object < fact of its parent < ...`, with `!` behind what lasts too long. */
function tree(intervals: readonly Interval[]): string[] {
  const byId = new Map(intervals.map((interval) => [interval.id, interval]));
  const above = (interval: Interval | undefined): string =>
    interval === undefined ? '' : ` < ${interval.fact}${above(byId.get(interval.parent ?? ''))}`;
  return intervals.map(
    (i) => `${i.fact} ${i.object}${i.overdue ? '!' : ''}${above(byId.get(i.parent ?? ''))}`,
  );
}

describe('an upgrade of OpenShift', () => {
  it('has what is expected inside it as children, down to the reboot of a node', () => {
    const script = openshift();
    updated(script, 'n1', 2000);
    updated(script, 'n2', 2300);
    const lease = { kind: 'Lease', namespace: 'kube-system', component: '', host: '' };
    const message = 'm2_1 became leader';
    script.event(900, { ...lease, object: 'kube-scheduler', reason: 'LeaderElection', message });
    const server = { kind: 'Pod', namespace: 'openshift-kube-apiserver', component: 'apiserver' };
    const pod = { ...server, object: 'kube-apiserver-m1', host: '' };
    script.event(1000, { ...pod, reason: 'ShutdownInitiated' });
    script.event(1070, { ...pod, reason: 'TerminationGracefulTerminationFinished' });
    const told = script.run();
    expect(tree(told.intervals)).toEqual([
      'cluster_upgrade ClusterVersion/version',
      'upgrade_control_plane ClusterVersion/version < cluster_upgrade',
      'leader_changed Lease/kube-system/kube-scheduler < upgrade_control_plane < cluster_upgrade',
      'apiserver_shutdown Pod/openshift-kube-apiserver/kube-apiserver-m1 < upgrade_control_plane < cluster_upgrade',
      'upgrade_node_pool MachineConfigPool/worker < cluster_upgrade',
      'upgrade_node Node/n1 < upgrade_node_pool < cluster_upgrade',
      'node_rebooted Node/n1 < upgrade_node < upgrade_node_pool < cluster_upgrade',
      'upgrade_node Node/n2 < upgrade_node_pool < cluster_upgrade',
      'node_rebooted Node/n2 < upgrade_node < upgrade_node_pool < cluster_upgrade',
    ]);
    const [whole] = told.intervals;
    const at = (t: number | null): number | null => (t === null ? null : (t - script.start) / 1000);
    expect(whole!.nodes.map((n) => [n.node, at(n.start), at(n.end), n.stuck])).toEqual([
      ['n1', 2000, 2180, false],
      ['n2', 2300, 2480, false],
    ]);
    expect(whole!.phases.map((p) => [p.name, at(p.start), at(p.end)])).toEqual([
      ['requested', 590, 640],
      ['control plane', 640, 1795],
      ['pool worker', 1810, 5000],
    ]);
  });

  it('tells its progress on the way', () => {
    const percents = openshift()
      .run()
      .revisions.filter((i) => i.fact === 'cluster_upgrade')
      .map((i) => i.percent);
    expect([...new Set(percents)]).toEqual([0, 50, 99, 100]);
  });

  it('reports what lasts longer than usual, although it is expected', () => {
    const script = openshift();
    script.event(900, { ...controller, object: 'n3', host: '', reason: 'NodeNotReady' });
    script.event(2400, { object: 'n3', host: 'n3', reason: 'NodeReady' });
    expect(tree(script.run().intervals)).toContain('node_lost Node/n3! < cluster_upgrade');
  });

  it('that is asked for another release ends there, and the next one begins', () => {
    const script = new Script().healthy(0, 3600, nodes);
    const epoch = (at: number): number => script.start / 1000 + at;
    const version = (at: number, type: string, v: string, value: number | null): void => {
      script.metric(at, 'cluster_version', { type, version: v }, value);
    };
    version(0, 'current', '4.20.3', epoch(-9000));
    version(600, 'desired', '4.20.6', epoch(590));
    version(900, 'desired', '4.20.6', null);
    version(900, 'desired', '4.20.7', epoch(890));
    version(2000, 'completed', '4.20.7', epoch(1990));
    const told = script.run().lines.filter((line) => line.startsWith('cluster_upgrade'));
    expect(told).toEqual([
      'cluster_upgrade ClusterVersion/version 590..890',
      'cluster_upgrade ClusterVersion/version 890..',
    ]);
  });
});

describe('an upgrade of another Kubernetes', () => {
  it('names the node that is stuck', () => {
    const script = new Script().healthy(0, 7200, nodes);
    const runs = (at: number, node: string, v: string, value: number | null): void => {
      script.metric(at, 'kube_node_info', { node, kubelet_version: v }, value);
    };
    for (const node of nodes) runs(0, node, 'v1.33.1', 1);
    const build = { job: 'apiserver', instance: 'm1' };
    script.metric(0, 'kubernetes_build_info', { ...build, git_version: 'v1.33.1' }, 1);
    script.metric(600, 'kubernetes_build_info', { ...build, git_version: 'v1.33.1' }, null);
    script.metric(600, 'kubernetes_build_info', { ...build, git_version: 'v1.34.0' }, 1);
    const cordon = (at: number, node: string, value: number): void => {
      script.metric(at, 'kube_node_spec_unschedulable', { node }, value);
    };
    for (const node of nodes) cordon(0, node, 0);
    cordon(900, 'n1', 1);
    runs(960, 'n1', 'v1.33.1', null);
    runs(960, 'n1', 'v1.34.0', 1);
    cordon(1020, 'n1', 0);
    cordon(1200, 'n2', 1);
    runs(1260, 'n2', 'v1.33.1', null);
    runs(1260, 'n2', 'v1.34.0', 1);
    const whole = script.run().intervals.find((i) => i.fact === 'cluster_upgrade')!;
    expect(whole.end).toBeNull();
    expect(whole.percent).toBe(33);
    expect(whole.nodes.map((n) => [n.node, n.stuck])).toEqual([
      ['n1', false],
      ['n2', true],
      ['n3', false],
    ]);
  });
});
