import type { Claim, Cluster, Container, Member, Node, Workload } from './entities.ts';
import { season } from './season.ts';
import { readyPods } from './workloads.ts';

/** How often the model moves, ms. */
export const modelStepMs = 5_000;

const stepSeconds = modelStepMs / 1000;
/** Shares that an exponential average moves in one step (1, 5 and 15 minutes, and 2 for memory). */
const toward1 = 1 - Math.exp(-stepSeconds / 60);
const toward2 = 1 - Math.exp(-stepSeconds / 120);
const toward5 = 1 - Math.exp(-stepSeconds / 300);
const toward15 = 1 - Math.exp(-stepSeconds / 900);

/**
 * Moves a cluster by one step: requests follow the hour, CPU and latency follow the requests,
 * nodes are the sum of their pods, the control plane follows the number of pods.
 */
export function stepCluster(cluster: Cluster): void {
  for (const workload of cluster.workloads) stepWorkload(workload);
  for (const node of cluster.nodes) stepNode(node);
  for (const claim of cluster.claims) stepClaim(claim);
  stepControlPlane(cluster);
}

function stepWorkload(workload: Workload): void {
  const { cluster } = workload;
  const { random } = cluster;
  workload.drift = workload.drift * 0.995 + random.gauss() * 0.008;
  const wave = season(cluster.nowMs, cluster.peakHour) * Math.exp(workload.drift);
  workload.rate = workload.baseRate * wave * workload.rateFactor * (1 + 0.02 * random.gauss());
  const ready = readyPods(workload);
  const share = ready > 0 ? workload.rate / ready : 0;
  let busiest = 0;
  let contention = 1;
  for (const pod of workload.pods) {
    pod.rate = pod.ready && !pod.terminating ? share * pod.level : 0;
    for (const container of pod.containers) stepContainer(container, workload);
    const main = pod.containers[0]!;
    busiest = Math.max(busiest, main.cpu / main.spec.cpuLimit);
    contention = Math.max(contention, pod.node?.contention ?? 1);
  }
  const queueing = 1 + 1.5 * Math.max(0, busiest - 0.6);
  const latency = workload.latencySeconds * workload.latencyFactor * queueing * contention;
  workload.latency += (latency * (1 + 0.03 * random.gauss()) - workload.latency) * 0.7;
  workload.errorShare = Math.min(0.9, 0.001 * queueing + workload.extraErrors);
}

function stepContainer(container: Container, workload: Workload): void {
  const { spec, pod } = container;
  const { random } = container.cluster;
  if (container.state !== 'running' || (pod.node && !pod.node.up)) {
    container.cpu = 0;
    return;
  }
  const isMain = pod.containers[0] === container;
  const load = isMain ? pod.rate * workload.cpuPerRequest : 0;
  const wanted = (spec.cpuIdle + load) * (1 + 0.04 * random.gauss()) + container.extraCpu;
  container.cpu = Math.max(0, Math.min(wanted, spec.cpuLimit));
  container.throttled = Math.min(0.95, Math.max(0, wanted / spec.cpuLimit - 0.8));
  const memory = spec.memoryBase * pod.level + (isMain ? pod.rate * 150_000 : 0);
  container.memory +=
    (memory + container.leaked - container.memory) * (toward2 + (container.leaked > 0 ? 0.5 : 0));
  container.memory += random.gauss() * spec.memoryBase * 0.002;
}

function stepNode(node: Node): void {
  const { random } = node.cluster;
  let cpu = node.cpus * 0.03 * node.level + 0.05;
  let memory = node.memoryBytes * 0.06 + 6e8 + node.extraMemory;
  let rate = 20;
  for (const pod of node.pods) {
    rate += pod.rate;
    for (const container of pod.containers) {
      cpu += container.cpu;
      memory += container.state === 'running' ? container.memory : 0;
    }
  }
  const demand = cpu * (1 + 0.02 * random.gauss());
  node.cpuUsed = Math.min(node.cpus * 0.985, demand);
  node.contention = demand > node.cpus * 0.9 ? 1 + 4 * (demand / node.cpus - 0.9) : 1;
  node.memoryUsed = Math.min(node.memoryBytes * 0.97, memory);
  const noise = Math.exp(0.2 * random.gauss());
  node.receiveRate = rate * 2_200 * noise;
  node.transmitRate = rate * 5_100 * noise;
  node.diskReadRate = 30_000 * noise * node.level;
  node.diskWriteRate = (250_000 + rate * 900) * noise;
  const runnable = demand * (1 + 0.1 * random.gauss());
  node.load1 += (runnable - node.load1) * toward1;
  node.load5 += (runnable - node.load5) * toward5;
  node.load15 += (runnable - node.load15) * toward15;
  // Logs and images grow until the kubelet collects what nobody uses.
  const kept = node.diskUsed - node.extraDisk + 25_000 * stepSeconds * node.level;
  node.diskUsed =
    (kept > node.diskBytes * 0.55 ? kept - node.diskBytes * 0.12 : kept) + node.extraDisk;
}

function stepClaim(claim: Claim): void {
  // So full only by a fault, which says how it goes on.
  if (claim.used > claim.capacity * 0.72) return;
  claim.used += (claim.growth + (claim.pod?.rate ?? 0) * 40) * stepSeconds;
  // The application compacts what is old before it gets tight.
  if (claim.used > claim.capacity * 0.7) claim.used -= claim.capacity * 0.15;
}

function stepControlPlane(cluster: Cluster): void {
  const { random } = cluster;
  let pods = 0;
  for (const node of cluster.nodes) pods += node.pods.size;
  const wave = 0.7 + 0.3 * season(cluster.nowMs, cluster.peakHour);
  const usual = (12 + pods * 0.6 + cluster.nodes.size * 3) * wave;
  cluster.apiRate += (usual * (1 + 0.05 * random.gauss()) - cluster.apiRate) * 0.3;
  cluster.apiSlowness = Math.max(1, cluster.apiSlowness * 0.9 + 0.1);
  for (const member of cluster.members) stepMember(member);
}

function stepMember(member: Member): void {
  const { cluster, node } = member;
  member.fsyncSeconds =
    0.0016 * node.level * Math.exp(0.15 * cluster.random.gauss()) * cluster.apiSlowness;
  const written = cluster.apiRate * 0.12 * 2_500 * stepSeconds;
  const base = 30e6 + cluster.nodes.size * 2e6;
  member.etcdDbInUse += (base - member.etcdDbInUse) * toward5 + written * 0.2;
  // The file keeps its size until a defragmentation returns what is free.
  member.etcdDbBytes = Math.max(member.etcdDbBytes + written * 0.02, member.etcdDbInUse);
  if (member.etcdDbBytes > 2.2 * member.etcdDbInUse) member.etcdDbBytes = member.etcdDbInUse * 1.05;
}
