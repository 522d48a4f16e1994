import type { Cluster, Workload } from './entities.ts';
import { autoscalerReference, workloadObject } from './references.ts';
import { livePods, readyPods, rollOut, scale } from './workloads.ts';

/** What happens on a cluster on any day: autoscalers follow the load, teams roll out. */

const autoscaleMs = 60_000;
/** Share of its CPU request at which an autoscaler holds a pod, and how far off it may be. */
const targetShare = 0.7;
const tolerance = 0.1;
/** Checks for which fewer replicas have to be enough. */
const patience = 5;

/** What an autoscaler remembers. */
interface Autoscaler {
  share: number;
  calmChecks: number;
}

/** Puts the daily business on the agenda; nothing happens on a cluster without roll-outs. */
export function startActivity(cluster: Cluster, rolloutsPerHour: number): void {
  const { agenda, nowMs, random } = cluster;
  if (rolloutsPerHour <= 0) return;
  const autoscalers = new Map<Workload, Autoscaler>();
  const autoscale = (atMs: number): void => {
    for (const workload of cluster.workloads) {
      if (workload.autoscaler) checkAutoscaler(workload, autoscalers);
    }
    agenda.call(atMs + autoscaleMs, autoscale);
  };
  agenda.call(nowMs + random.between(0, autoscaleMs), autoscale);
  const meanMs = 3_600_000 / rolloutsPerHour;
  const nextMs = (): number => meanMs * random.between(0.3, 1.7);
  const roll = (atMs: number): void => {
    rollOutSomething(cluster);
    agenda.call(atMs + nextMs(), roll);
  };
  agenda.call(nowMs + nextMs(), roll);
}

function checkAutoscaler(workload: Workload, autoscalers: Map<Workload, Autoscaler>): void {
  const { min, max } = workload.autoscaler!;
  const ready = readyPods(workload);
  if (ready === 0 || ready !== workload.replicas) return;
  let used = 0;
  for (const pod of workload.pods) if (pod.ready) used += pod.containers[0]!.cpu;
  const now = used / (ready * workload.containers[0]!.cpuRequest);
  const known = autoscalers.get(workload) ?? { share: now, calmChecks: 0 };
  autoscalers.set(workload, known);
  known.share += (now - known.share) * 0.3;
  const ratio = known.share / targetShare;
  const fits = Math.abs(ratio - 1) <= tolerance;
  const wanted = fits ? ready : Math.min(max, Math.max(min, Math.ceil(ready * ratio)));
  known.calmChecks = wanted < ready ? known.calmChecks + 1 : 0;
  if (wanted < ready && known.calmChecks < patience) return;
  if (wanted === ready) return;
  known.calmChecks = 0;
  known.share *= ready / wanted;
  rescale(workload, wanted);
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
