import type { Cluster, Pool } from '../model/entities.ts';
import { kubeletOf } from '../model/nodes.ts';
import { nodeAsController } from '../model/references.ts';
import type { TruthItem } from '../truth.ts';
import type { Fault, Stage } from './fault.ts';
import { sayOperator } from './operator-degraded.ts';
import { nextPatch, upgradeNodes } from './upgrade.ts';

/** OpenShift: payload, operators one by one, then the machine config pools node by node. */
export const openshiftUpgrade: Fault = {
  name: 'openshift_upgrade',
  fits: (cluster) => cluster.flavour === 'openshift' && cluster.nodes.size > 2,
  *play(stage) {
    const { cluster } = stage;
    if (!stage.claim([cluster.version])) return;
    const from = cluster.version.current;
    const to = nextPatch(from);
    const upgrade = stage.begin({
      fact: 'cluster_upgrade',
      object: 'Cluster',
      detail: { flavour: 'openshift', from, to },
    });
    yield* loadPayload(stage, to);
    yield* upgradeOperators(stage, to, upgrade);
    for (const pool of cluster.pools) yield* upgradePool(stage, pool, to, upgrade);
    stage.end(upgrade);
  },
};

function sayVersion(cluster: Cluster, reason: string, message: string): void {
  cluster.events.record({
    component: 'openshift-cluster-version',
    object: { kind: 'ClusterVersion', name: 'version', apiVersion: 'config.openshift.io/v1' },
    reason,
    message,
  });
}

function* loadPayload(stage: Stage, to: string): Generator<number, void> {
  const { cluster } = stage;
  const { version } = cluster;
  const image = `quay.io/openshift-release-dev/ocp-release@sha256:${to}`;
  sayVersion(
    cluster,
    'RetrievePayload',
    `Retrieving and verifying payload version="${to}" image="${image}"`,
  );
  yield 12_000;
  sayVersion(cluster, 'LoadPayload', `Loading payload version="${to}" image="${image}"`);
  yield 6_000;
  sayVersion(
    cluster,
    'PreconditionsPassed',
    `preconditions passed for payload loaded version="${to}" image="${image}"`,
  );
  sayVersion(
    cluster,
    'PayloadLoaded',
    `Payload loaded version="${to}" image="${image}" architecture="amd64"`,
  );
  Object.assign(version, {
    desired: to,
    updatingSinceMs: stage.nowMs,
    payloadPending: 912,
    payloadApplied: 0,
  });
  cluster.watcher.changed(cluster);
}

function* upgradeOperators(stage: Stage, to: string, parent: TruthItem): Generator<number, void> {
  const { cluster } = stage;
  const { version } = cluster;
  const control = stage.begin({
    fact: 'upgrade_control_plane',
    object: 'Cluster',
    parent,
    detail: { to },
  });
  const operators = [...cluster.operators];
  const perOperatorMs = stage.setting('operatorMs', 40_000, 75_000);
  for (const [index, operator] of operators.entries()) {
    const fact = stage.begin({
      fact: 'operator_updated',
      object: `ClusterOperator/${operator.name}`,
      parent: control,
    });
    operator.progressing = true;
    cluster.watcher.changed(operator);
    sayOperator(
      operator,
      'OperatorStatusChanged',
      `Status for clusteroperator/${operator.name} changed: Progressing changed from False to True`,
    );
    if (operator.name === 'kube-apiserver') yield* rollApiServers(stage, to);
    else yield perOperatorMs * stage.random.between(0.7, 1.3);
    sayOperator(
      operator,
      'OperatorVersionChanged',
      `clusteroperator/${operator.name} version "operator" changed from "${operator.version}" to "${to}"`,
    );
    operator.version = to;
    operator.progressing = false;
    operator.changedMs = stage.nowMs;
    cluster.watcher.changed(operator);
    version.payloadApplied = Math.round((912 * (index + 1)) / operators.length);
    version.payloadPending = 912 - version.payloadApplied;
    cluster.watcher.changed(cluster);
    stage.end(fact);
  }
  Object.assign(version, {
    initial: version.current,
    current: to,
    desired: '',
    completedMs: stage.nowMs,
  });
  cluster.watcher.changed(cluster);
  stage.end(control);
}

/** Static pods of the API server take the new version, one control-plane node after the other. */
function* rollApiServers(stage: Stage, to: string): Generator<number, void> {
  for (const member of stage.cluster.members) {
    member.apiUp = false;
    yield stage.random.between(20_000, 40_000);
    member.apiUp = true;
    member.apiStarts++;
    member.apiStartedMs = stage.nowMs;
    member.gitVersion = kubeletOf('openshift', to);
    stage.cluster.watcher.changed(member);
    yield 10_000;
  }
}

function* upgradePool(
  stage: Stage,
  pool: Pool,
  to: string,
  parent: TruthItem,
): Generator<number, void> {
  const { cluster } = stage;
  const role = pool.name === 'master' ? 'control-plane' : 'worker';
  const nodes = [...cluster.nodes].filter((node) => node.role === role);
  const config = `rendered-${pool.name}-${stage.random.hex(32)}`;
  const fact = stage.begin({
    fact: 'upgrade_node_pool',
    object: `MachineConfigPool/${pool.name}`,
    parent,
    detail: { nodes: nodes.map(({ name }) => name) },
  });
  const say = (reason: string, message: string): void =>
    cluster.events.record({
      component: 'machineconfigcontroller-nodecontroller',
      object: {
        kind: 'MachineConfigPool',
        name: pool.name,
        apiVersion: 'machineconfiguration.openshift.io/v1',
      },
      reason,
      message,
    });
  say('Updating', `Pool ${pool.name} now targeting ${config}`);
  pool.target = kubeletOf('openshift', to);
  yield* upgradeNodes(stage, {
    role,
    version: to,
    parent: fact,
    say: (node, reason, message) => {
      if (reason === 'Cordon') {
        say('SetDesiredConfig', `Targeted node ${node.name} to MachineConfig: ${config}`);
      }
      cluster.events.record({
        component: 'machineconfigdaemon',
        host: node.name,
        object: nodeAsController(node),
        reason,
        message,
      });
    },
  });
  pool.target = '';
  say('Completed', `Pool ${pool.name} has completed update to ${config}`);
  stage.end(fact);
}
