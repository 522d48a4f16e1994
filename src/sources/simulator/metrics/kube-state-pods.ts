import type { Container, Pod } from '../model/entities.ts';
import { each, gauge, onlyFull, states, total } from './kinds.ts';
import { exporter } from './metric.ts';

/** kube-state-metrics about pods and their containers. */

const phases = ['Pending', 'Succeeded', 'Failed', 'Running', 'Unknown'] as const;
const conditions = ['true', 'false', 'unknown'] as const;
const resources = [
  { resource: 'cpu', unit: 'core' },
  { resource: 'memory', unit: 'byte' },
];
const epoch = (timeMs: number): number => Math.floor(timeMs / 1000);

function owner({ workload, revision }: Pod): { kind: string; name: string } {
  if (workload.type === 'Deployment')
    return { kind: 'ReplicaSet', name: `${workload.name}-${revision}` };
  return { kind: workload.type, name: workload.name };
}

const podLabels = (pod: Pod) => ({
  namespace: pod.workload.namespace,
  pod: pod.name,
  uid: pod.uid,
});

export const kubeStatePods = exporter('pod', {
  job: 'kube-state-metrics',
  host: (pod) => pod.cluster,
  startedMs: (pod) => pod.createdMs,
  labels: podLabels,
  metrics: [
    gauge(
      'kube_pod_status_phase',
      (pod, row) => (pod.phase === phases[row] ? 1 : 0),
      () => each('phase', phases),
    ),
    gauge(
      'kube_pod_status_ready',
      (pod, row) => {
        const lost = pod.node !== null && pod.node.ready === 'unknown';
        return conditions[row] === (pod.ready ? 'true' : lost ? 'unknown' : 'false') ? 1 : 0;
      },
      () => each('condition', conditions),
    ),
    gauge('kube_pod_created', (pod) => epoch(pod.createdMs)),
    gauge(
      'kube_pod_owner',
      () => 1,
      (pod) => [
        { owner_kind: owner(pod).kind, owner_name: owner(pod).name, owner_is_controller: 'true' },
      ],
    ),
    ...onlyFull([
      gauge<Pod>(
        'kube_pod_restart_policy',
        () => 1,
        () => [{ type: 'Always' }],
      ),
      gauge<Pod>(
        'kube_pod_status_scheduled',
        (pod, row) => (conditions[row] === String(pod.node !== null) ? 1 : 0),
        () => each('condition', conditions),
      ),
    ]),
    states('kube_pod_info', (pod) => [
      {
        created_by_kind: owner(pod).kind,
        created_by_name: owner(pod).name,
        host_ip: pod.node?.address ?? '',
        host_network: 'false',
        node: pod.node?.name ?? '',
        pod_ip: pod.phase === 'Pending' ? '' : pod.address,
        priority_class: pod.workload.platform ? 'system-cluster-critical' : '',
      },
    ]),
    states(
      'kube_pod_start_time',
      (pod) => (pod.node ? [{}] : []),
      (pod) => epoch(pod.startedMs),
    ),
    states('kube_pod_status_reason', (pod) => (pod.reason === '' ? [] : [{ reason: pod.reason }])),
    states('kube_pod_status_unschedulable', (pod) => (pod.node ? [] : [{}])),
  ],
});

export const kubeStateContainers = exporter('container', {
  job: 'kube-state-metrics',
  host: (container) => container.cluster,
  startedMs: (container) => container.pod.createdMs,
  labels: (container) => ({ ...podLabels(container.pod), container: container.spec.name }),
  metrics: [
    total('kube_pod_container_status_restarts_total', (container) => container.restarts),
    gauge('kube_pod_container_status_ready', (container) =>
      container.state === 'running' && container.pod.ready ? 1 : 0,
    ),
    gauge('kube_pod_container_status_running', (container) =>
      container.state === 'running' ? 1 : 0,
    ),
    gauge('kube_pod_container_status_waiting', (container) =>
      container.state === 'waiting' ? 1 : 0,
    ),
    gauge(
      'kube_pod_container_resource_requests',
      ({ spec }, row) => (row === 0 ? spec.cpuRequest : spec.memoryRequest),
      (container) => resources.map((row) => ({ ...row, node: nodeName(container) })),
    ),
    gauge(
      'kube_pod_container_resource_limits',
      ({ spec }, row) => (row === 0 ? spec.cpuLimit : spec.memoryLimit),
      (container) => resources.map((row) => ({ ...row, node: nodeName(container) })),
    ),
    ...onlyFull([
      gauge<Container>('kube_pod_container_status_terminated', (container) =>
        container.state === 'terminated' ? 1 : 0,
      ),
      gauge<Container>(
        'kube_pod_container_info',
        () => 1,
        ({ spec, pod }) => [
          {
            image: `${spec.image}:${pod.workload.imageTag}`,
            image_spec: `${spec.image}:${pod.workload.imageTag}`,
          },
        ],
      ),
    ]),
    states('kube_pod_container_status_waiting_reason', (container) =>
      container.state === 'waiting' ? [{ reason: container.waitingReason }] : [],
    ),
    states('kube_pod_container_status_last_terminated_reason', (container) =>
      container.lastTerminatedReason === '' ? [] : [{ reason: container.lastTerminatedReason }],
    ),
    states(
      'kube_pod_container_state_started',
      (container) => (container.state === 'running' ? [{}] : []),
      (container) => epoch(container.startedMs),
    ),
  ],
  when: (container) => container.pod.node !== null,
});

const nodeName = (container: Container): string => container.pod.node?.name ?? '';
