import type { Node, Pod, Workload } from './entities.ts';
import { createPod, deletePod } from './pods.ts';
import { replicaSetReference, workloadReference } from './references.ts';

/** What the workload controllers do: the right number of pods, roll-outs, scaling. */

const controllers = {
  Deployment: 'replicaset-controller',
  StatefulSet: 'statefulset-controller',
  DaemonSet: 'daemonset-controller',
} as const;

export function livePods(workload: Workload): Pod[] {
  return [...workload.pods].filter((pod) => !pod.terminating && pod.phase !== 'Failed');
}

export function readyPods(workload: Workload): number {
  let count = 0;
  for (const pod of workload.pods) if (pod.ready && !pod.terminating) count++;
  return count;
}

/** Creates what is missing and deletes what is too much. */
export function reconcile(workload: Workload): void {
  if (workload.type === 'DaemonSet') {
    for (const node of workload.cluster.nodes) if (node.up) daemonPod(workload, node);
    return;
  }
  const pods = livePods(workload);
  for (let i = pods.length; i < workload.replicas; i++) addPod(workload, null);
  for (const pod of pods.slice(workload.replicas).reverse()) dropPod(pod);
}

/** The daemon's pod of a node, unless it is there. */
export function daemonPod(workload: Workload, node: Node): void {
  for (const pod of workload.pods) if (pod.node === node && !pod.terminating) return;
  addPod(workload, node);
}

function addPod(workload: Workload, node: Node | null): Pod {
  const taken = new Set(livePods(workload).map((pod) => pod.ordinal));
  let ordinal = 0;
  while (taken.has(ordinal)) ordinal++;
  const pod = createPod(workload, ordinal, node);
  const isSet = workload.type === 'Deployment';
  workload.cluster.events.record({
    component: controllers[workload.type],
    object: isSet ? replicaSetReference(workload) : workloadReference(workload),
    reason: 'SuccessfulCreate',
    message:
      workload.type === 'StatefulSet'
        ? `create Pod ${pod.name} in StatefulSet ${workload.name} successful`
        : `Created pod: ${pod.name}`,
  });
  if (workload.type === 'StatefulSet') takeClaim(pod);
  return pod;
}

function takeClaim(pod: Pod): void {
  for (const claim of pod.cluster.claims) {
    if (claim.namespace !== pod.workload.namespace) continue;
    if (claim.name !== `data-${pod.name}`) continue;
    claim.pod = pod;
    pod.cluster.watcher.changed(claim);
  }
}

function dropPod(pod: Pod): void {
  const { workload } = pod;
  workload.cluster.events.record({
    component: controllers[workload.type],
    object:
      workload.type === 'Deployment' ? replicaSetReference(workload) : workloadReference(workload),
    reason: 'SuccessfulDelete',
    message: `Deleted pod: ${pod.name}`,
  });
  deletePod(pod);
}

/** Changes the number of replicas, as a person or an autoscaler does. */
export function scale(workload: Workload, replicas: number): void {
  const from = workload.replicas;
  if (replicas === from) return;
  workload.replicas = replicas;
  workload.generation++;
  sayScaled(workload, workload.revision, from, replicas);
  reconcile(workload);
}

function sayScaled(workload: Workload, revision: string, from: number, to: number): void {
  if (workload.type !== 'Deployment') return;
  workload.cluster.events.record({
    component: 'deployment-controller',
    object: workloadReference(workload),
    reason: 'ScalingReplicaSet',
    message: `Scaled ${to > from ? 'up' : 'down'} replica set ${workload.name}-${revision} from ${from} to ${to}`,
  });
}

/**
 * Rolls a deployment out to a new image: a new ReplicaSet, its pods one after the other. Returns
 * how long that takes, in ms.
 */
export function rollOut(workload: Workload, imageTag: string): number {
  const { cluster } = workload;
  const old = livePods(workload);
  const oldRevision = workload.revision;
  workload.revision = cluster.random.hex(10);
  workload.imageTag = imageTag;
  workload.generation++;
  const stepMs = 18_000;
  old.forEach((pod, index) => {
    cluster.agenda.call(cluster.nowMs + index * stepMs, () => {
      sayScaled(workload, workload.revision, index, index + 1);
      addPod(workload, null);
    });
    cluster.agenda.call(cluster.nowMs + (index + 1) * stepMs, () => {
      sayScaled(workload, oldRevision, old.length - index, old.length - index - 1);
      deletePod(pod);
    });
  });
  const durationMs = (old.length + 1) * stepMs;
  // Somebody may have scaled it meanwhile.
  cluster.agenda.call(cluster.nowMs + durationMs, () => reconcile(workload));
  return durationMs;
}
