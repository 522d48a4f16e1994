import type { ObjectReference } from '../kubernetes-events.ts';
import type { Cluster, Node, Workload } from '../model/entities.ts';
import { drain, joinNode, nodeLike, removeNode } from '../model/nodes.ts';
import { nodeAsController, nodeObject, podReference } from '../model/references.ts';
import { livePods, scale } from '../model/workloads.ts';
import { type Fault, minutes, type Stage } from './fault.ts';

/** More replicas than fit: the autoscaler adds nodes, and takes them away when they are empty. */
export const clusterScaling: Fault = {
  name: 'cluster_scale_up',
  *play(stage) {
    const { cluster } = stage;
    const workload = stage.claim(
      cluster.workloads,
      (one) => one.type === 'Deployment' && !one.platform && one.autoscaler === null,
    );
    if (!workload) return;
    const before = workload.replicas;
    const count = Math.round(stage.setting('nodes', 1, 3));
    yield* scaleUp(stage, workload, count);
    yield stage.setting('keptMs', minutes(25), minutes(50));
    scale(workload, before);
    yield minutes(2);
    yield* scaleDown(stage);
  },
};

function* scaleUp(stage: Stage, workload: Workload, count: number): Generator<number, void> {
  const { cluster } = stage;
  const [first] = workers(cluster);
  const from = workers(cluster).length;
  const fact = stage.begin({
    fact: 'cluster_scale_up',
    object: 'NodeGroup/pool-spot',
    detail: { from, to: from + count, workload: workload.name },
  });
  const scaled = stage.begin({
    fact: 'deployment_scaled',
    object: `Deployment/${workload.namespace}/${workload.name}`,
    detail: { from: workload.replicas, to: workload.replicas + count * 2 },
    parent: fact,
  });
  // Nothing takes the new pods until the new nodes are there.
  const closed = workers(cluster).filter(({ unschedulable }) => !unschedulable);
  for (const node of closed) node.isFull = true;
  scale(workload, workload.replicas + count * 2);
  yield 12_000;
  sayAutoscaler(
    cluster,
    groups(cluster),
    'ScaledUpGroup',
    `Scale-up: setting group pool-spot size to ${count} instead of 0 (max: 6)`,
  );
  for (const pod of livePods(workload).filter(({ node }) => node === null)) {
    sayAutoscaler(
      cluster,
      podReference(pod),
      'TriggeredScaleUp',
      `pod triggered scale-up: [{pool-spot 0->${count} (max: 6)}]`,
    );
  }
  yield stage.setting('machineMs', 70_000, 130_000);
  for (let i = 0; i < count; i++) {
    const name = `spot-${cluster.random.suffix(4)}`;
    const node = nodeLike(first!, { name, group: 'pool-spot', index: 100 + from + i });
    stage.claim([node]);
    stage.note({ fact: 'node_joined', object: nodeObject(node), start: stage.nowMs, parent: fact });
    joinNode(node);
    cluster.nodesScaledUp++;
    yield stage.random.between(3_000, 12_000);
  }
  yield 60_000;
  for (const node of closed) node.isFull = false;
  stage.end(scaled);
  stage.end(fact);
}

function* scaleDown(stage: Stage): Generator<number, void> {
  const { cluster } = stage;
  const spots = workers(cluster).filter(({ group }) => group === 'pool-spot');
  if (spots.length === 0) return;
  const from = workers(cluster).length;
  const fact = stage.begin({
    fact: 'cluster_scale_down',
    object: 'NodeGroup/pool-spot',
    detail: { from, to: from - spots.length, nodes: spots.map(({ name }) => name) },
  });
  for (const node of spots) {
    sayAutoscaler(
      cluster,
      groups(cluster),
      'ScaleDownEmpty',
      `Scale-down: removing empty node "${node.name}"`,
    );
    node.unschedulable = true;
    cluster.watcher.changed(node);
    sayAutoscaler(
      cluster,
      nodeAsController(node),
      'ScaleDown',
      'marked the node as toBeDeleted/unschedulable',
    );
    drain(node);
    yield stage.random.between(15_000, 40_000);
    removeNode(node);
    cluster.nodesScaledDown++;
    stage.note({
      fact: 'node_removed',
      object: nodeObject(node),
      start: stage.nowMs,
      parent: fact,
    });
  }
  stage.end(fact);
}

const workers = (cluster: Cluster): Node[] =>
  [...cluster.nodes].filter(({ role }) => role === 'worker');

const groups = (cluster: Cluster): ObjectReference => ({
  kind: 'ConfigMap',
  namespace: 'kube-system',
  name: 'cluster-autoscaler-status',
  uid: `autoscaler-${cluster.index}`,
});

function sayAutoscaler(
  cluster: Cluster,
  object: ObjectReference,
  reason: string,
  message: string,
): void {
  cluster.events.record({ component: 'cluster-autoscaler', object, reason, message });
}
