import type { Claim, Workload } from '../model/entities.ts';
import { livePods, readyPods } from '../model/workloads.ts';
import { each, gauge, onlyFull } from './kinds.ts';
import { exporter } from './metric.ts';

/** kube-state-metrics about deployments, stateful sets, daemon sets, autoscalers and volumes. */

const base = {
  job: 'kube-state-metrics',
  host: (workload: Workload) => workload.cluster,
  startedMs: (workload: Workload) => workload.createdMs,
} as const;

const named = (label: string) => (workload: Workload) => ({
  namespace: workload.namespace,
  [label]: workload.name,
});

const updated = (workload: Workload): number => {
  let count = 0;
  for (const pod of workload.pods)
    if (!pod.terminating && pod.revision === workload.revision) count++;
  return count;
};
const live = (workload: Workload): number => livePods(workload).length;

export const kubeStateDeployments = exporter('workload', {
  ...base,
  labels: named('deployment'),
  when: (workload) => workload.type === 'Deployment',
  metrics: [
    gauge('kube_deployment_spec_replicas', (w) => w.replicas),
    gauge('kube_deployment_status_replicas', live),
    gauge('kube_deployment_status_replicas_ready', readyPods),
    gauge('kube_deployment_status_replicas_available', readyPods),
    gauge('kube_deployment_status_replicas_unavailable', (w) =>
      Math.max(0, w.replicas - readyPods(w)),
    ),
    gauge('kube_deployment_status_replicas_updated', updated),
    gauge('kube_deployment_status_observed_generation', (w) => w.generation),
    gauge('kube_deployment_metadata_generation', (w) => w.generation),
    ...onlyFull([
      gauge<Workload>('kube_deployment_created', (w) => Math.floor(w.createdMs / 1000)),
      gauge<Workload>(
        'kube_deployment_status_condition',
        (w, row) => ((row === 0) === readyPods(w) >= w.replicas ? 1 : 0),
        () => [
          { condition: 'Available', status: 'true' },
          { condition: 'Available', status: 'false' },
        ],
      ),
    ]),
  ],
});

export const kubeStateStatefulSets = exporter('workload', {
  ...base,
  labels: named('statefulset'),
  when: (workload) => workload.type === 'StatefulSet',
  metrics: [
    gauge('kube_statefulset_replicas', (w) => w.replicas),
    gauge('kube_statefulset_status_replicas', live),
    gauge('kube_statefulset_status_replicas_ready', readyPods),
    gauge('kube_statefulset_status_replicas_updated', live),
  ],
});

export const kubeStateDaemonSets = exporter('workload', {
  ...base,
  labels: named('daemonset'),
  when: (workload) => workload.type === 'DaemonSet',
  metrics: [
    gauge('kube_daemonset_status_desired_number_scheduled', (w) => w.cluster.nodes.size),
    gauge('kube_daemonset_status_current_number_scheduled', live),
    gauge('kube_daemonset_status_number_ready', readyPods),
    gauge('kube_daemonset_status_number_unavailable', (w) =>
      Math.max(0, w.cluster.nodes.size - readyPods(w)),
    ),
  ],
});

export const kubeStateAutoscalers = exporter('workload', {
  ...base,
  labels: named('horizontalpodautoscaler'),
  when: (workload) => workload.autoscaler !== null,
  metrics: [
    gauge('kube_horizontalpodautoscaler_spec_min_replicas', (w) => w.autoscaler?.min ?? 0),
    gauge('kube_horizontalpodautoscaler_spec_max_replicas', (w) => w.autoscaler?.max ?? 0),
    gauge('kube_horizontalpodautoscaler_status_current_replicas', live),
    gauge('kube_horizontalpodautoscaler_status_desired_replicas', (w) => w.replicas),
  ],
});

export const kubeStateClaims = exporter('claim', {
  job: 'kube-state-metrics',
  host: (claim) => claim.cluster,
  startedMs: (claim) => claim.createdMs,
  labels: (claim) => ({ namespace: claim.namespace, persistentvolumeclaim: claim.name }),
  metrics: [
    gauge(
      'kube_persistentvolumeclaim_info',
      () => 1,
      (claim) => [{ storageclass: claim.storageClass, volumename: claim.volume }],
    ),
    gauge(
      'kube_persistentvolumeclaim_status_phase',
      (_, row) => (row === 0 ? 1 : 0),
      () => each('phase', ['Bound', 'Lost', 'Pending']),
    ),
    gauge('kube_persistentvolumeclaim_resource_requests_storage_bytes', (claim) => claim.capacity),
  ],
});

const volumeLabels = (claim: Claim) => ({ persistentvolume: claim.volume });

export const kubeStateVolumes = exporter('claim', {
  job: 'kube-state-metrics',
  host: (claim) => claim.cluster,
  startedMs: (claim) => claim.createdMs,
  labels: volumeLabels,
  metrics: [
    gauge(
      'kube_persistentvolume_status_phase',
      (_, row) => (row === 0 ? 1 : 0),
      () => each('phase', ['Bound', 'Available', 'Failed', 'Pending', 'Released']),
    ),
  ],
});
