import type { Acts } from './acts.ts';
import type { SimFact } from './world.ts';

const operators = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'dns', 'machine-config'];
const minute = 60_000;

/** State of an OpenShift cluster before any upgrade. */
export function install(acts: Acts, version: string): void {
  const { world } = acts;
  const installed = Math.floor(world.now / 1000) - 86_400;
  world.gauge('cluster_version', { type: 'current', version }, installed);
  world.gauge('cluster_version', { type: 'completed', version }, installed);
  world.gauge('etcd_server_leader_changes_seen_total', { instance: 'etcd-0' }, 1);
  for (const name of operators) {
    world.gauge('cluster_operator_up', { name, version }, 1);
    for (const condition of ['Progressing', 'Degraded']) {
      world.gauge('cluster_operator_conditions', { name, condition }, 0);
    }
  }
  world.gauge('mco_machine_count', { pool: 'worker' }, world.nodes.size);
  world.gauge('mco_updated_machine_count', { pool: 'worker' }, world.nodes.size);
  for (const name of ['kube-controller-manager', 'kube-scheduler']) {
    world.gauge('leader_election_master_status', { name, instance: 'master-0' }, 1);
  }
}

/** A full upgrade: request, control plane with operators, then the pool, node by node. */
export function upgrade(acts: Acts, from: string, to: string, done: () => void): void {
  const { world } = acts;
  const whole = world.begin('cluster_upgrade', 'ClusterVersion/version', true);
  const cvo = (reason: string): void =>
    world.say({
      kind: 'ClusterVersion',
      namespace: 'openshift-cluster-version',
      name: 'version',
      reason,
      message: `${reason} version="${to}" image="quay.test/release@sha256:${to}"`,
      component: 'openshift-cluster-version',
    });
  const epoch = (): number => Math.floor(world.now / 1000);
  const moving = { from_version: from, version: to };
  world.gauge('cluster_version', { type: 'desired', ...moving }, epoch());
  cvo('RetrievePayload');
  world.after(20_000, () => cvo('LoadPayload'));
  world.after(40_000, () => {
    const plane = world.begin('upgrade_control_plane', 'ClusterVersion/version', true);
    cvo('PreconditionsPassed');
    cvo('PayloadLoaded');
    world.gauge('cluster_version', { type: 'updating', ...moving }, epoch());
    world.gauge('cluster_version_payload', { type: 'applied', version: to }, 0);
    world.gauge('cluster_version_payload', { type: 'pending', version: to }, 900);
    operatorByOperator(acts, from, to, 0, () => {
      plane.end = world.now;
      for (const type of ['desired', 'updating']) {
        world.gauge('cluster_version', { type, ...moving }, null);
      }
      for (const type of ['current', 'completed']) {
        world.gauge('cluster_version', { type, version: from }, null);
        world.gauge('cluster_version', { type, version: to }, epoch());
      }
      poolByNode(acts, to, whole, done);
    });
  });
}

function operatorByOperator(
  acts: Acts,
  from: string,
  to: string,
  index: number,
  done: () => void,
): void {
  const { world } = acts;
  const name = operators[index];
  if (name === undefined) {
    done();
    return;
  }
  const fact = world.begin('operator_updated', `ClusterOperator/${name}`, true);
  const say = (reason: string, message: string): void =>
    world.say({
      kind: 'Deployment',
      namespace: `openshift-${name}-operator`,
      name: `${name}-operator`,
      reason,
      message,
      component: `${name}-operator-status-controller-statussyncer_${name}`,
    });
  const status = (text: string): void =>
    say('OperatorStatusChanged', `Status for clusteroperator/${name} changed: ${text}`);
  const progressing = { name, condition: 'Progressing' };
  world.gauge('cluster_operator_conditions', progressing, 1);
  status('Progressing changed from False to True ("rolling out")');
  if (name === 'kube-apiserver') degrade(acts, name, status);
  if (name === 'kube-controller-manager') {
    world.after(40_000, () => acts.leader('kube-controller-manager'));
    world.after(100_000, () => acts.leader('kube-scheduler'));
  }
  world.after(acts.between(3 * minute, 6 * minute), () => {
    fact.end = world.now;
    world.gauge('cluster_operator_conditions', progressing, 0);
    world.gauge('cluster_operator_up', { name, version: from }, null);
    world.gauge('cluster_operator_up', { name, version: to }, 1);
    say(
      'OperatorVersionChanged',
      `clusteroperator/${name} version "operator" changed from "${from}" to "${to}"`,
    );
    status('Progressing changed from True to False ("done")');
    const applied = Math.round((900 * (index + 1)) / operators.length);
    world.gauge('cluster_version_payload', { type: 'applied', version: to }, applied);
    world.gauge('cluster_version_payload', { type: 'pending', version: to }, 900 - applied);
    world.after(5_000, () => operatorByOperator(acts, from, to, index + 1, done));
  });
}

function degrade(acts: Acts, name: string, status: (text: string) => void): void {
  const { world } = acts;
  world.after(50_000, () => {
    const fact = world.begin('operator_degraded', `ClusterOperator/${name}`, true);
    world.gauge('cluster_operator_conditions', { name, condition: 'Degraded' }, 1);
    status('Degraded changed from False to True ("a pod is waiting")');
    world.after(80_000, () => {
      fact.end = world.now;
      world.gauge('cluster_operator_conditions', { name, condition: 'Degraded' }, 0);
      status('Degraded changed from True to False ("all is well")');
    });
  });
}

function poolByNode(acts: Acts, to: string, whole: SimFact, done: () => void): void {
  const { world } = acts;
  const pool = world.begin('upgrade_node_pool', 'MachineConfigPool/worker', false);
  const say = (reason: string, message: string): void =>
    world.say({
      kind: 'MachineConfigPool',
      namespace: 'openshift-machine-config-operator',
      name: 'worker',
      reason,
      message,
      component: 'machineconfigcontroller-nodecontroller',
    });
  const nodes = [...world.nodes.values()];
  world.gauge('mco_machine_count', { pool: 'worker' }, nodes.length);
  world.gauge('mco_updated_machine_count', { pool: 'worker' }, 0);
  say('Updating', `Pool worker now targeting MachineConfig rendered-worker-${to}`);
  const next = (index: number): void => {
    world.gauge('mco_updated_machine_count', { pool: 'worker' }, index);
    const node = nodes[index];
    if (node === undefined) {
      pool.end = world.now;
      whole.end = world.now;
      say('Completed', `Pool worker has completed update to MachineConfig rendered-worker-${to}`);
      done();
      return;
    }
    acts.updateNode(node, `CoreOS ${to}`, () => world.after(10_000, () => next(index + 1)));
  };
  next(0);
}
