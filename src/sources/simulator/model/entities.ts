import type { Agenda } from '../agenda.ts';
import type { EventRecorder } from '../kubernetes-events.ts';
import type { Random } from '../random.ts';
import type { TruthLog } from '../truth.ts';

/**
 * What a cluster is made of. Plain records: the model changes them, faults change them, exporters
 * and alert rules only read them. Times are ms since the epoch, sizes bytes, CPU cores.
 */
export type Flavour = 'vanilla' | 'openshift';

export interface Cluster {
  readonly kind: 'cluster';
  readonly index: number;
  readonly name: string;
  /** The UUID that OpenShift gives each cluster. */
  readonly id: string;
  readonly flavour: Flavour;
  /** Small clusters leave out the metrics that say so. */
  readonly detail: 'small' | 'full';
  readonly createdMs: number;
  /** Peak hour (UTC) of its users. */
  readonly peakHour: number;
  /** Time of the model; faults and rules read it. */
  nowMs: number;

  readonly nodes: Set<Node>;
  readonly members: Set<Member>;
  readonly namespaces: Set<Namespace>;
  readonly workloads: Set<Workload>;
  readonly claims: Set<Claim>;
  readonly operators: Set<Operator>;
  readonly pools: Set<Pool>;
  readonly replicas: readonly Replica[];
  readonly version: ClusterVersion;

  /** Requests per second to all API servers, and how slow they are (1 = usual). */
  apiRate: number;
  apiSlowness: number;
  /** Until when requests wait at the sender, or 0. */
  linkDownUntilMs: number;
  /** Nodes started and removed by the cluster autoscaler. */
  nodesScaledUp: number;
  nodesScaledDown: number;

  readonly agenda: Agenda;
  readonly random: Random;
  readonly watcher: Watcher;
  readonly events: EventRecorder;
  readonly truth: TruthLog;
}

/** Is told of what comes, goes, or changes its labels. */
export interface Watcher {
  added(entity: Entity): void;
  changed(entity: Entity): void;
  removed(entity: Entity): void;
}

export interface Namespace {
  readonly kind: 'namespace';
  readonly cluster: Cluster;
  readonly name: string;
}

export interface Node {
  readonly kind: 'node';
  readonly cluster: Cluster;
  readonly name: string;
  readonly uid: string;
  readonly address: string;
  readonly role: 'control-plane' | 'worker';
  readonly group: string;
  readonly zone: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly createdMs: number;
  /** A property of the machine: 1 = usual. */
  readonly level: number;
  readonly pods: Set<Pod>;

  kubeletVersion: string;
  osImage: string;
  kernel: string;
  bootMs: number;
  boots: number;
  /** The kubelet and what is on the node answer. */
  up: boolean;
  ready: 'true' | 'false' | 'unknown';
  memoryPressure: boolean;
  diskPressure: boolean;
  unschedulable: boolean;
  /** No further pod fits on it. */
  isFull: boolean;

  cpuUsed: number;
  memoryUsed: number;
  diskUsed: number;
  receiveRate: number;
  transmitRate: number;
  diskReadRate: number;
  diskWriteRate: number;
  load1: number;
  load5: number;
  load15: number;
  oomKills: number;
  /** Above 1: its pods wait for CPU. */
  contention: number;
  /** Turned by faults. */
  extraMemory: number;
  extraDisk: number;
}

/** The control-plane components on one node. */
export interface Member {
  readonly kind: 'member';
  readonly cluster: Cluster;
  readonly node: Node;
  readonly index: number;
  apiUp: boolean;
  apiStartedMs: number;
  apiStarts: number;
  gitVersion: string;
  etcdLeader: boolean;
  controllerLeader: boolean;
  schedulerLeader: boolean;
  leaderChanges: number;
  /** The newest leader changes. */
  leaderChangedMs: readonly number[];
  etcdDbBytes: number;
  etcdDbInUse: number;
  /** Median of an fsync of the write-ahead log, seconds. */
  fsyncSeconds: number;
}

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly cpuRequest: number;
  readonly cpuLimit: number;
  readonly memoryRequest: number;
  readonly memoryLimit: number;
  /** What it uses without load. */
  readonly cpuIdle: number;
  readonly memoryBase: number;
}

export interface Workload {
  readonly kind: 'workload';
  readonly cluster: Cluster;
  readonly type: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly createdMs: number;
  readonly containers: readonly ContainerSpec[];
  /** Serves requests and has metrics of its own. */
  readonly serves: boolean;
  /** Requests per second at the mean of a week. */
  readonly baseRate: number;
  readonly cpuPerRequest: number;
  readonly latencySeconds: number;
  readonly claimBytes: number;
  readonly platform: boolean;
  readonly pods: Set<Pod>;

  replicas: number;
  /** Bounds of its horizontal pod autoscaler, or null. */
  readonly autoscaler: { readonly min: number; readonly max: number } | null;
  /** Names its current ReplicaSet. */
  revision: string;
  generation: number;
  imageTag: string;

  rate: number;
  /** Slow noise around the daily shape. */
  drift: number;
  /** Median of the request duration, seconds. */
  latency: number;
  errorShare: number;
  /** Turned by faults; 1 = usual. */
  rateFactor: number;
  latencyFactor: number;
  extraErrors: number;
}

export interface Pod {
  readonly kind: 'pod';
  readonly cluster: Cluster;
  readonly workload: Workload;
  readonly name: string;
  readonly uid: string;
  readonly address: string;
  readonly revision: string;
  readonly ordinal: number;
  readonly createdMs: number;
  readonly level: number;
  readonly containers: Container[];
  node: Node | null;
  startedMs: number;
  phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
  ready: boolean;
  terminating: boolean;
  reason: string;
  /** Its share of the workload's requests per second. */
  rate: number;
}

export interface Container {
  readonly kind: 'container';
  readonly cluster: Cluster;
  readonly pod: Pod;
  spec: ContainerSpec;
  id: string;
  startedMs: number;
  restarts: number;
  state: 'waiting' | 'running' | 'terminated';
  waitingReason: string;
  terminatedReason: string;
  lastTerminatedReason: string;
  /** Last moment in a crash loop, or 0. */
  crashLoopMs: number;

  cpu: number;
  memory: number;
  /** Share of its CPU periods in which it had to wait. */
  throttled: number;
  /** Turned by faults. */
  leaked: number;
  extraCpu: number;
}

export interface Claim {
  readonly kind: 'claim';
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly name: string;
  readonly volume: string;
  readonly storageClass: string;
  readonly capacity: number;
  readonly createdMs: number;
  /** Bytes per second that stay, without load. */
  readonly growth: number;
  pod: Pod | null;
  used: number;
}

/** An OpenShift cluster operator. */
export interface Operator {
  readonly kind: 'operator';
  readonly cluster: Cluster;
  readonly name: string;
  version: string;
  available: boolean;
  progressing: boolean;
  degraded: boolean;
  degradedReason: string;
  changedMs: number;
}

/** An OpenShift machine config pool. */
export interface Pool {
  readonly kind: 'pool';
  readonly cluster: Cluster;
  readonly name: 'master' | 'worker';
  /** Kubelet version to which its nodes are brought, or ''. */
  target: string;
}

/** What OpenShift's cluster version operator knows, and the plain version of a vanilla cluster. */
export interface ClusterVersion {
  initial: string;
  current: string;
  completedMs: number;
  /** Being installed, or ''. */
  desired: string;
  updatingSinceMs: number;
  payloadApplied: number;
  payloadPending: number;
  failing: boolean;
}

/** One Prometheus of the cluster's HA pair. */
export interface Replica {
  readonly kind: 'replica';
  readonly cluster: Cluster;
  readonly index: number;
  readonly name: string;
  readonly address: string;
  up: boolean;
  startedMs: number;
  starts: number;
  samplesSent: number;
  headSeries: number;
}

export type Entity =
  | Cluster
  | Namespace
  | Node
  | Member
  | Workload
  | Pod
  | Container
  | Claim
  | Operator
  | Pool
  | Replica;

export function clusterOf(entity: Entity): Cluster {
  return entity.kind === 'cluster' ? entity : entity.cluster;
}

export type EntityKind = Entity['kind'];
export type EntityOf<K extends EntityKind> = Extract<Entity, { kind: K }>;
