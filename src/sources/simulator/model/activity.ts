import type { Cluster, Workload } from './entities.ts';
import { autoscalerReference, workloadObject } from './references.ts';
import { livePods, readyPods, rollOut, scale } from './workloads.ts';

/** What happens on a cluster on any day: autoscalers follow the load, teams roll out. */

const autoscaleMs = 60_000;
/** Share of its CPU request at which an autoscaler holds a pod. */
const targetShare = 0.7;
/** Checks for which fewer replicas have to be enough. */
const patience = 5;

export function startActivity(cluster: Cluster, rolloutsPerHour: number): void {
  const { agenda, nowMs, random } = cluster;
  const calm = new Map<Workload, number>();
  const autoscale = (atMs: number): void => {
    for (const workload of cluster.workloads) {
      if (workload.autoscaler) checkAutoscaler(workload, calm);
    }
    agenda.call(atMs + autoscaleMs, autoscale);
  };
  agenda.call(nowMs + random.between(0, autoscaleMs), autoscale);
  if (rolloutsPerHour <= 0) return;
  const meanMs = 3_600_000 / rolloutsPerHour;
  const nextMs = (): number => meanMs * random.between(0.3, 1.7);
  const roll = (atMs: number): void => {
    rollOutSomething(cluster);
    agenda.call(atMs + nextMs(), roll);
  };
  agenda.call(nowMs + nextMs(), roll);
}

function checkAutoscaler(workload: Workload, calm: Map<Workload, number>): void {
  const { min, max } = workload.autoscaler!;
  const ready = readyPods(workload);
  if (ready === 0 || ready !== workload.replicas) return;
  let used = 0;
  for (const pod of workload.pods) if (pod.ready) used += pod.containers[0]!.cpu;
  const share = used / (ready * workload.containers[0]!.cpuRequest);
  const wanted = Math.min(max, Math.max(min, Math.ceil(ready * (share / targetShare) - 0.1)));
  if (wanted < ready) {
    const checks = (calm.get(workload) ?? 0) + 1;
    calm.set(workload, checks);
    if (checks < patience) return;
  }
  calm.delete(workload);
  if (wanted !== ready) rescale(workload, wanted);
}

function rescale(workload: Workload, to: number): void {
  const { cluster } = workload;
  const from = workload.replicas;
  const why =
    to > from
      ? 'cpu resource utilization (percentage of request) above target'
      : 'All metrics below target';
  cluster.events.record({
    component: 'horizontal-pod-autoscaler',
    object: autoscalerReference(workload),
    reason: 'SuccessfulRescale',
    message: `New size: ${to}; reason: ${why}`,
  });
  const item = cluster.truth.begin({
    fact: 'hpa_rescaled',
    object: `HorizontalPodAutoscaler/${workload.namespace}/${workload.name}`,
    start: cluster.nowMs,
    detail: { from, to },
  });
  scale(workload, to);
  cluster.truth.end(item, cluster.nowMs);
}

function rollOutSomething(cluster: Cluster): void {
  const candidates = [...cluster.workloads].filter(
    (workload) =>
      workload.type === 'Deployment' &&
      !workload.platform &&
      workload.replicas > 0 &&
      livePods(workload).length === workload.replicas &&
      readyPods(workload) === workload.replicas,
  );
  if (candidates.length === 0) return;
  const workload = cluster.random.pick(candidates);
  const [major = '1', minor = '0'] = workload.imageTag.split('.');
  const imageTag = `${major}.${Number(minor) + 1}.0`;
  const item = cluster.truth.begin({
    fact: 'deployment_rollout',
    object: workloadObject(workload),
    start: cluster.nowMs,
    detail: { image: imageTag },
  });
  const durationMs = rollOut(workload, imageTag);
  cluster.agenda.call(cluster.nowMs + durationMs, (nowMs) => cluster.truth.end(item, nowMs));
}
