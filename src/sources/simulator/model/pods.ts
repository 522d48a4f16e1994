import type { Cluster, Container, Node, Pod, Workload } from './entities.ts';
import { containerReference, podReference } from './references.ts';

/** Life of a pod: created, scheduled, started, ready, killed, gone; and of its containers. */

const crashLoopForgottenMs = 600_000;

export interface PodPlan {
  readonly ordinal: number;
  readonly node: Node | null;
  readonly createdMs: number;
}

/** How often a pod without node is tried again, and how many tries go by before that is told. */
const retryMs = 10_000;
const retriesPerEvent = 30;

/** Makes the record of a pod; the caller says what becomes of it. */
export function newPod(workload: Workload, { ordinal, node, createdMs }: PodPlan): Pod {
  const { cluster } = workload;
  const { random } = cluster;
  const pod: Pod = {
    kind: 'pod',
    cluster,
    workload,
    name: podName(workload, ordinal),
    uid: random.uuid(),
    address: `10.${128 + (cluster.index % 100)}.${random.below(250)}.${2 + random.below(250)}`,
    revision: workload.revision,
    ordinal,
    createdMs,
    level: random.between(0.9, 1.1),
    containers: [],
    node,
    startedMs: createdMs,
    phase: 'Pending',
    ready: false,
    terminating: false,
    reason: '',
    rate: 0,
  };
  for (const spec of workload.containers) {
    pod.containers.push({
      kind: 'container',
      cluster,
      pod,
      spec,
      id: random.hex(64),
      startedMs: createdMs,
      restarts: 0,
      state: 'waiting',
      waitingReason: 'ContainerCreating',
      terminatedReason: '',
      lastTerminatedReason: '',
      crashLoopMs: 0,
      cpu: spec.cpuIdle,
      memory: spec.memoryBase,
      throttled: 0,
      leaked: 0,
      extraCpu: 0,
    });
  }
  return pod;
}

function podName(workload: Workload, ordinal: number): string {
  const { random } = workload.cluster;
  if (workload.type === 'StatefulSet') return `${workload.name}-${ordinal}`;
  if (workload.type === 'DaemonSet') return `${workload.name}-${random.suffix()}`;
  return `${workload.name}-${workload.revision}-${random.suffix()}`;
}

/** Puts a pod into the cluster, running for as long as it exists. Used when a fleet is made. */
export function placeRunning(pod: Pod): void {
  pod.phase = 'Running';
  pod.ready = true;
  for (const container of pod.containers) {
    container.state = 'running';
    container.waitingReason = '';
  }
  attach(pod);
}

function attach(pod: Pod): void {
  pod.workload.pods.add(pod);
  pod.node?.pods.add(pod);
  const { watcher } = pod.cluster;
  watcher.added(pod);
  for (const container of pod.containers) watcher.added(container);
}

export function podChanged(pod: Pod): void {
  pod.cluster.watcher.changed(pod);
  for (const container of pod.containers) pod.cluster.watcher.changed(container);
}

/** The node with the fewest pods that takes new ones, or null. */
export function chooseNode(cluster: Cluster): Node | null {
  let best: Node | null = null;
  for (const node of cluster.nodes) {
    const tainted = node.memoryPressure || node.diskPressure || node.ready !== 'true';
    if (node.role !== 'worker' || node.unschedulable || node.isFull || tainted || !node.up)
      continue;
    if (!best || node.pods.size < best.pods.size) best = node;
  }
  return best;
}

/** Creates a pod as a controller does; it is scheduled, started and ready some seconds later. */
export function createPod(workload: Workload, ordinal: number, node: Node | null): Pod {
  const { cluster } = workload;
  const pod = newPod(workload, { ordinal, node: null, createdMs: cluster.nowMs });
  attach(pod);
  cluster.agenda.call(cluster.nowMs + 200 + cluster.random.below(400), () => schedule(pod, node));
  return pod;
}

function schedule(pod: Pod, wanted: Node | null, tries = 0): void {
  const { cluster } = pod;
  if (pod.terminating) return;
  const node = wanted ?? chooseNode(cluster);
  if (!node) {
    if (tries % retriesPerEvent === 0) sayUnschedulable(pod);
    cluster.agenda.call(cluster.nowMs + retryMs, () => schedule(pod, wanted, tries + 1));
    return;
  }
  pod.node = node;
  node.pods.add(pod);
  podChanged(pod);
  cluster.events.record({
    component: 'default-scheduler',
    action: 'Binding',
    object: podReference(pod),
    reason: 'Scheduled',
    message: `Successfully assigned ${pod.workload.namespace}/${pod.name} to ${node.name}`,
  });
  cluster.agenda.call(cluster.nowMs + 1500 + cluster.random.below(4000), () => startPod(pod));
}

function sayUnschedulable(pod: Pod): void {
  const { nodes } = pod.cluster;
  const none = `0/${nodes.size} nodes are available: ${nodes.size}`;
  pod.cluster.events.record({
    component: 'default-scheduler',
    action: 'Scheduling',
    object: podReference(pod),
    type: 'Warning',
    reason: 'FailedScheduling',
    message: `${none} Insufficient cpu. preemption: ${none} No preemption victims found for incoming pod.`,
  });
}

function startPod(pod: Pod): void {
  const { cluster } = pod;
  if (pod.terminating || !pod.node?.up) return;
  pod.phase = 'Running';
  pod.startedMs = cluster.nowMs;
  for (const container of pod.containers) startContainer(container);
  podChanged(pod);
  cluster.agenda.call(cluster.nowMs + 3000 + cluster.random.below(9000), () => becomeReady(pod));
}

/** Ready when all of its containers run. */
export function becomeReady(pod: Pod): void {
  if (pod.terminating || pod.phase !== 'Running' || !pod.node?.up) return;
  if (!pod.containers.every((container) => container.state === 'running')) return;
  pod.ready = true;
}

export function startContainer(container: Container): void {
  const { cluster, pod, spec } = container;
  const host = pod.node?.name ?? '';
  const object = containerReference(container);
  const say = (reason: string, message: string): void =>
    cluster.events.record({ component: 'kubelet', host, object, reason, message });
  container.id = cluster.random.hex(64);
  container.startedMs = cluster.nowMs;
  container.state = 'running';
  container.waitingReason = '';
  container.terminatedReason = '';
  container.leaked = 0;
  container.memory = spec.memoryBase * 0.6;
  say(
    'Pulled',
    `Container image "${spec.image}:${pod.workload.imageTag}" already present on machine`,
  );
  say('Created', 'Container created');
  say('Started', 'Container started');
  cluster.watcher.changed(container);
}

/** Ends a container's process; the kubelet starts it again after `backoffMs`. */
export function crashContainer(container: Container, reason: string, backoffMs: number): void {
  const { cluster, pod, spec } = container;
  container.lastTerminatedReason = reason;
  container.leaked = 0;
  container.cpu = 0;
  pod.ready = false;
  container.state = 'waiting';
  container.waitingReason = backoffMs > 0 ? 'CrashLoopBackOff' : 'ContainerCreating';
  if (backoffMs > 0) {
    container.crashLoopMs = cluster.nowMs;
    cluster.events.record({
      component: 'kubelet',
      host: pod.node?.name ?? '',
      object: containerReference(container),
      type: 'Warning',
      reason: 'BackOff',
      message: `Back-off restarting failed container ${spec.name} in pod ${pod.name}_${pod.workload.namespace}(${pod.uid})`,
    });
  }
  cluster.watcher.changed(container);
  cluster.agenda.call(cluster.nowMs + Math.max(backoffMs, 1000), () => {
    if (pod.terminating || container.state !== 'waiting' || !pod.node?.up) return;
    container.restarts++;
    startContainer(container);
    cluster.agenda.call(cluster.nowMs + 8000, () => becomeReady(pod));
  });
}

/** Whether a container was in a crash loop during the last ten minutes. */
export function inCrashLoop(container: Container, nowMs: number): boolean {
  return container.crashLoopMs > 0 && nowMs - container.crashLoopMs < crashLoopForgottenMs;
}

/** Deletes a pod: stopped now, gone after its grace period. */
export function deletePod(pod: Pod, graceMs = 2000): void {
  const { cluster } = pod;
  if (pod.terminating) return;
  pod.terminating = true;
  pod.ready = false;
  if (pod.node?.up) {
    for (const container of pod.containers) {
      cluster.events.record({
        component: 'kubelet',
        host: pod.node.name,
        object: containerReference(container),
        reason: 'Killing',
        message: `Stopping container ${container.spec.name}`,
      });
    }
  }
  cluster.agenda.call(cluster.nowMs + graceMs + cluster.random.below(3000), () => removePod(pod));
}

/** Takes a pod out of the cluster at once. */
export function removePod(pod: Pod): void {
  if (!pod.workload.pods.delete(pod)) return;
  pod.terminating = true;
  pod.node?.pods.delete(pod);
  for (const container of pod.containers) pod.cluster.watcher.removed(container);
  pod.cluster.watcher.removed(pod);
}
