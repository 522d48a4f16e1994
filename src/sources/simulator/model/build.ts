import { Agenda } from '../agenda.ts';
import { EventRecorder } from '../kubernetes-events.ts';
import { type FleetSettings, replicasOf } from '../options.ts';
import type { Random } from '../random.ts';
import { TruthLog } from '../truth.ts';
import {
  applications,
  clusterNames,
  clusterOperators,
  platformOf,
  type WorkloadPlan,
} from './catalogue.ts';
import { newClaim } from './claims.ts';
import type { Cluster, Flavour, Member, Node, Replica, Watcher, Workload } from './entities.ts';
import { newNode, placeNode } from './nodes.ts';
import { newPod, placeRunning } from './pods.ts';

/** Builds a cluster of about the asked number of series, as it is after some weeks of running. */

const dayMs = 86_400_000;

export interface ClusterPlan {
  readonly index: number;
  readonly settings: FleetSettings;
  readonly watcher: Watcher;
  readonly random: Random;
}

/** Fills an empty cluster; `seriesCount` says how many series it has so far. */
export function populate(
  cluster: Cluster,
  settings: FleetSettings,
  seriesCount: () => number,
): void {
  const wanted = settings.seriesPerCluster;
  cluster.watcher.added(cluster);
  for (const replica of cluster.replicas) cluster.watcher.added(replica);
  addNodes(cluster, wanted);
  if (cluster.flavour === 'openshift') addOpenShift(cluster);
  for (const workload of platformOf[cluster.flavour]) {
    if (cluster.detail === 'full' || !workload.full) addWorkload(cluster, workload, '');
  }
  for (let round = 0; seriesCount() < wanted; round++) {
    addWorkload(
      cluster,
      applications[round % applications.length]!,
      round < applications.length ? '' : `-${Math.floor(round / applications.length) + 1}`,
    );
  }
}

export function emptyCluster({ index, settings, watcher, random: seeds }: ClusterPlan): Cluster {
  const random = seeds.fork('model');
  const flavour: Flavour = settings.flavours[index] ?? (index % 2 === 0 ? 'openshift' : 'vanilla');
  const name = clusterName(index);
  const id = random.uuid();
  const now = (): number => cluster.nowMs;
  const truth = new TruthLog(name, settings.truthMax, settings.onTruth);
  const events = new EventRecorder({
    cluster: name,
    // As in the labels of its series: events and metrics are of one cluster.
    clusterId: flavour === 'openshift' ? id : '',
    random: seeds.fork('events'),
    now,
    onEvent: settings.onKubernetesEvent,
  });
  const current = flavour === 'openshift' ? `4.20.${random.below(8)}` : `v1.35.${random.below(5)}`;
  const replicas: Replica[] = [];
  const cluster: Cluster = {
    kind: 'cluster',
    index,
    name,
    id,
    flavour,
    detail: settings.seriesPerCluster < 2_500 ? 'small' : 'full',
    createdMs: settings.startMs - Math.round(random.between(20, 60) * dayMs),
    peakHour: random.between(8, 20),
    nowMs: settings.startMs,
    nodes: new Set(),
    members: new Set(),
    namespaces: new Set(),
    workloads: new Set(),
    claims: new Set(),
    operators: new Set(),
    pools: new Set(),
    replicas,
    version: {
      initial: flavour === 'openshift' ? '4.19.14' : current,
      current,
      completedMs: settings.startMs - Math.round(random.between(3, 15) * dayMs),
      desired: '',
      updatingSinceMs: 0,
      payloadApplied: 912,
      payloadPending: 0,
      failing: false,
    },
    apiRate: 40,
    apiSlowness: 1,
    linkDownUntilMs: 0,
    nodesScaledUp: 0,
    nodesScaledDown: 0,
    agenda: new Agenda(),
    random,
    watcher,
    events,
    truth,
  };
  for (let i = 0; i < replicasOf(settings, index); i++)
    replicas.push(newReplica(cluster, i, settings.startMs));
  return cluster;
}

function clusterName(index: number): string {
  const name = clusterNames[index % clusterNames.length]!;
  const round = Math.floor(index / clusterNames.length);
  return round === 0 ? name : `${name}-${round + 1}`;
}

function newReplica(cluster: Cluster, index: number, startMs: number): Replica {
  return {
    kind: 'replica',
    cluster,
    index,
    name: `prometheus-k8s-${index}`,
    address: `10.${128 + (cluster.index % 100)}.0.${20 + index}`,
    up: true,
    startedMs: startMs - 3 * dayMs,
    starts: 1,
    samplesSent: 0,
    headSeries: 0,
  };
}

function addNodes(cluster: Cluster, wanted: number): void {
  const isSmall = cluster.detail === 'small';
  const masters = wanted < 3_500 ? 1 : 3;
  const workers = isSmall ? Math.ceil(wanted / 850) : Math.max(2, Math.round(wanted / 1_100));
  const createdMs = cluster.createdMs;
  for (let i = 0; i < masters; i++) {
    const node = newNode(cluster, {
      name: `master-${i}`,
      role: 'control-plane',
      group: 'master',
      index: i,
      cpus: isSmall ? 2 : 4,
      memoryBytes: 16 * 2 ** 30,
      createdMs: createdMs + i * 60_000,
    });
    placeNode(node);
    addMember(cluster, node, i);
  }
  for (let i = 0; i < workers; i++) {
    placeNode(
      newNode(cluster, {
        name: `worker-${i}`,
        role: 'worker',
        group: 'worker',
        index: masters + i,
        cpus: 4,
        memoryBytes: 32 * 2 ** 30,
        createdMs: createdMs + 600_000 + i * 45_000,
      }),
    );
  }
}

function addMember(cluster: Cluster, node: Node, index: number): void {
  const dbBytes = 60e6 + cluster.random.between(0, 40e6);
  const member: Member = {
    kind: 'member',
    cluster,
    node,
    index,
    apiUp: true,
    apiStartedMs: cluster.version.completedMs + index * 300_000,
    apiStarts: 1,
    gitVersion: node.kubeletVersion,
    etcdLeader: index === 0,
    controllerLeader: index === 0,
    schedulerLeader: index === (cluster.index % 3 === 1 ? 1 : 0),
    leaderChanges: 2,
    leaderChangedMs: [],
    etcdDbBytes: dbBytes,
    etcdDbInUse: dbBytes * 0.7,
    fsyncSeconds: 0.0016,
  };
  cluster.members.add(member);
  cluster.watcher.added(member);
}

function addOpenShift(cluster: Cluster): void {
  const names = cluster.detail === 'small' ? clusterOperators.slice(0, 3) : clusterOperators;
  for (const name of names) {
    const operator = {
      kind: 'operator' as const,
      cluster,
      name,
      version: cluster.version.current,
      available: true,
      progressing: false,
      degraded: false,
      degradedReason: '',
      changedMs: cluster.version.completedMs,
    };
    cluster.operators.add(operator);
    cluster.watcher.added(operator);
  }
  for (const name of ['master', 'worker'] as const) {
    const pool = { kind: 'pool' as const, cluster, name, target: '' };
    cluster.pools.add(pool);
    cluster.watcher.added(pool);
  }
}

/** Adds a workload with its pods, running. `suffix` tells copies of one plan apart. */
export function addWorkload(cluster: Cluster, plan: WorkloadPlan, suffix: string): Workload {
  const { random } = cluster;
  const createdMs = cluster.createdMs + dayMs;
  const replicas = cluster.detail === 'small' ? Math.min(plan.replicas, 1) : plan.replicas;
  const workload: Workload = {
    kind: 'workload',
    cluster,
    type: plan.type,
    namespace: plan.namespace + suffix,
    name: plan.name,
    uid: random.uuid(),
    createdMs,
    containers: plan.containers,
    serves: plan.serves ?? false,
    baseRate:
      ((plan.baseRate ?? 0) * random.between(0.6, 1.4) * replicas) / Math.max(1, plan.replicas),
    cpuPerRequest: plan.cpuPerRequest ?? 0,
    latencySeconds: (plan.latencySeconds ?? 0.02) * random.between(0.8, 1.2),
    claimBytes: plan.claimBytes ?? 0,
    platform: plan.platform ?? false,
    pods: new Set(),
    replicas,
    autoscaler: cluster.detail === 'full' ? (plan.autoscaler ?? null) : null,
    revision: random.hex(10),
    generation: 1 + random.below(20),
    imageTag: `1.${random.below(40)}.${random.below(10)}`,
    rate: 0,
    drift: 0.08 * random.gauss(),
    latency: plan.latencySeconds ?? 0.02,
    errorShare: 0.001,
    rateFactor: 1,
    latencyFactor: 1,
    extraErrors: 0,
  };
  addNamespace(cluster, workload.namespace);
  cluster.workloads.add(workload);
  cluster.watcher.added(workload);
  const spots = spotsFor(cluster, workload);
  spots.forEach((node, ordinal) => {
    const age = Math.round(random.between(0.2, 9) * dayMs);
    const pod = newPod(workload, {
      ordinal,
      node,
      createdMs: Math.max(createdMs, cluster.nowMs - age),
    });
    placeRunning(pod);
    if (workload.claimBytes > 0) {
      const claim = newClaim(pod);
      cluster.claims.add(claim);
      cluster.watcher.added(claim);
    }
  });
  return workload;
}

/** Nodes for the pods of a new workload: every one for a daemon, else those with the fewest. */
function spotsFor(cluster: Cluster, workload: Workload): Node[] {
  if (workload.type === 'DaemonSet') return [...cluster.nodes];
  const workers = [...cluster.nodes].filter((node) => node.role === 'worker');
  const spots: Node[] = [];
  for (let i = 0; i < workload.replicas; i++) {
    let best = workers[0]!;
    for (const node of workers) {
      const load = node.pods.size + (spots.includes(node) ? 1 : 0);
      if (load < best.pods.size + (spots.includes(best) ? 1 : 0)) best = node;
    }
    spots.push(best);
  }
  return spots;
}

function addNamespace(cluster: Cluster, name: string): void {
  for (const namespace of cluster.namespaces) if (namespace.name === name) return;
  const namespace = { kind: 'namespace' as const, cluster, name };
  cluster.namespaces.add(namespace);
  cluster.watcher.added(namespace);
}
