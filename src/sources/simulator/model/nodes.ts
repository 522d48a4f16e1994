import type { Cluster, Node } from './entities.ts';
import { deletePod, podChanged, removePod } from './pods.ts';
import { nodeAsController, nodeAsKubelet, podReference } from './references.ts';
import { daemonPod, reconcile } from './workloads.ts';

/** Life of a node: joined, cordoned, drained, rebooted, lost, removed. */

export interface NodePlan {
  readonly name: string;
  readonly role: Node['role'];
  readonly group: string;
  readonly index: number;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly createdMs: number;
}

export function newNode(cluster: Cluster, plan: NodePlan): Node {
  const { random, version } = cluster;
  const diskBytes = 120e9;
  return {
    kind: 'node',
    cluster,
    name: plan.name,
    uid: random.uuid(),
    address: `10.${cluster.index % 100}.${Math.floor(plan.index / 250)}.${10 + (plan.index % 240)}`,
    role: plan.role,
    group: plan.group,
    zone: `zone-${'abc'[plan.index % 3]}`,
    cpus: plan.cpus,
    memoryBytes: plan.memoryBytes,
    diskBytes,
    createdMs: plan.createdMs,
    level: random.between(0.9, 1.1),
    pods: new Set(),
    kubeletVersion: kubeletOf(cluster.flavour, version.current),
    osImage: osImageOf(cluster.flavour, version.current),
    kernel:
      cluster.flavour === 'openshift' ? '5.14.0-570.44.1.el9_6.x86_64' : '6.12.41+deb13-amd64',
    bootMs: plan.createdMs + random.below(60_000),
    boots: 1,
    up: true,
    ready: 'true',
    memoryPressure: false,
    diskPressure: false,
    unschedulable: false,
    isFull: false,
    cpuUsed: plan.cpus * 0.1,
    memoryUsed: plan.memoryBytes * 0.2,
    diskUsed: diskBytes * random.between(0.25, 0.4),
    receiveRate: 1e5,
    transmitRate: 1e5,
    diskReadRate: 1e4,
    diskWriteRate: 1e5,
    load1: 0.5,
    load5: 0.5,
    load15: 0.5,
    oomKills: 0,
    contention: 1,
    extraMemory: 0,
    extraDisk: 0,
  };
}

/** A new machine of the same kind, made now. */
export function nodeLike(
  { cluster, role, cpus, memoryBytes }: Node,
  plan: Pick<NodePlan, 'name' | 'group' | 'index'>,
): Node {
  return newNode(cluster, { ...plan, role, cpus, memoryBytes, createdMs: cluster.nowMs });
}

/** OpenShift 4.N runs Kubernetes 1.(N+13). */
export function kubeletOf(flavour: Cluster['flavour'], version: string): string {
  if (flavour === 'vanilla') return version;
  const [, minor = '20', patch = '0'] = version.split('.');
  return `v1.${Number(minor) + 13}.${patch}`;
}

export function osImageOf(flavour: Cluster['flavour'], version: string): string {
  if (flavour === 'vanilla') return 'Debian GNU/Linux 13 (trixie)';
  const [major, minor, patch] = version.split('.');
  return `Red Hat Enterprise Linux CoreOS 9.6.${major}${minor}${patch}-0`;
}

export function placeNode(node: Node): void {
  node.cluster.nodes.add(node);
  node.cluster.watcher.added(node);
}

/** A machine registers itself, becomes ready and gets its daemons. */
export function joinNode(node: Node): void {
  const { cluster } = node;
  node.ready = 'false';
  placeNode(node);
  sayAsKubelet(node, 'Starting', 'Starting kubelet.');
  saySufficient(node);
  sayAsController(
    node,
    'RegisteredNode',
    `Node ${node.name} event: Registered Node ${node.name} in Controller`,
  );
  cluster.agenda.call(cluster.nowMs + 9000 + cluster.random.below(8000), () => {
    setReady(node, 'true');
    for (const workload of cluster.workloads) {
      if (workload.type === 'DaemonSet') daemonPod(workload, node);
    }
  });
}

/** Takes a machine away for good, with what is still on it. */
export function removeNode(node: Node): void {
  const { cluster } = node;
  const workloads = new Set([...node.pods].map((pod) => pod.workload));
  for (const pod of node.pods) removePod(pod);
  for (const workload of workloads) reconcile(workload);
  cluster.nodes.delete(node);
  cluster.watcher.removed(node);
  sayAsController(
    node,
    'RemovingNode',
    `Node ${node.name} event: Removing Node ${node.name} from Controller`,
  );
}

export function cordon(node: Node, unschedulable: boolean): void {
  node.unschedulable = unschedulable;
  const reason = unschedulable ? 'NodeNotSchedulable' : 'NodeSchedulable';
  sayAsKubelet(node, reason, `Node ${node.name} status is now: ${reason}`);
}

/** Evicts what may move. */
export function drain(node: Node): void {
  for (const pod of node.pods) {
    if (pod.workload.type === 'DaemonSet' || pod.terminating) continue;
    deletePod(pod);
    if (pod.workload.type === 'Deployment') reconcile(pod.workload);
    else node.cluster.agenda.call(node.cluster.nowMs + 8000, () => reconcile(pod.workload));
  }
}

export function setReady(node: Node, ready: Node['ready']): void {
  node.ready = ready;
  if (ready === 'true')
    sayAsKubelet(node, 'NodeReady', `Node ${node.name} status is now: NodeReady`);
}

/** The machine stops answering: nothing on it is scraped. */
export function stopNode(node: Node): void {
  node.up = false;
  for (const pod of node.pods) pod.ready = false;
}

/** The node controller gives a silent node up: its pods move after the toleration. */
export function declareLost(node: Node): void {
  setReady(node, 'unknown');
  sayAsController(node, 'NodeNotReady', `Node ${node.name} status is now: NodeNotReady`);
}

export function evictLost(node: Node): void {
  const { cluster } = node;
  for (const pod of node.pods) {
    if (pod.workload.type === 'DaemonSet' || pod.terminating) continue;
    pod.terminating = true;
    cluster.events.record({
      component: 'taint-eviction-controller',
      object: podReference(pod),
      reason: 'TaintManagerEviction',
      message: `Marking for deletion Pod ${pod.workload.namespace}/${pod.name}`,
    });
    if (pod.workload.type === 'Deployment') reconcile(pod.workload);
  }
}

/** The machine answers again; `rebooted` when it lost power meanwhile. */
export function startNode(node: Node, rebooted: boolean): void {
  const { cluster } = node;
  node.up = true;
  if (rebooted) {
    node.boots++;
    node.oomKills = 0;
    node.bootMs = cluster.nowMs;
    cluster.events.record({
      component: 'kubelet',
      host: node.name,
      object: nodeAsKubelet(node),
      type: 'Warning',
      reason: 'Rebooted',
      message: `Node ${node.name} has been rebooted, boot id: ${cluster.random.uuid()}`,
    });
    sayAsKubelet(node, 'Starting', 'Starting kubelet.');
  }
  saySufficient(node);
  setReady(node, 'true');
  for (const pod of node.pods) {
    if (pod.terminating) {
      removePod(pod);
      reconcile(pod.workload);
      continue;
    }
    if (rebooted) {
      for (const container of pod.containers) {
        container.restarts++;
        container.lastTerminatedReason = 'Unknown';
        container.startedMs = cluster.nowMs;
        container.id = cluster.random.hex(64);
        container.state = 'running';
        container.waitingReason = '';
      }
    }
    pod.phase = 'Running';
    podChanged(pod);
    cluster.agenda.call(cluster.nowMs + 5000 + cluster.random.below(10_000), () => {
      if (pod.node?.up && !pod.terminating) pod.ready = true;
    });
  }
  cluster.watcher.changed(node);
}

export function sayAsKubelet(node: Node, reason: string, message: string): void {
  node.cluster.events.record({
    component: 'kubelet',
    host: node.name,
    object: nodeAsKubelet(node),
    reason,
    message,
  });
}

export function sayAsController(node: Node, reason: string, message: string): void {
  node.cluster.events.record({
    component: 'node-controller',
    object: nodeAsController(node),
    reason,
    message,
  });
}

/** What every start of a kubelet says, pressure or not. */
function saySufficient(node: Node): void {
  for (const reason of [
    'NodeHasSufficientMemory',
    'NodeHasNoDiskPressure',
    'NodeHasSufficientPID',
  ]) {
    sayAsKubelet(node, reason, `Node ${node.name} status is now: ${reason}`);
  }
}
