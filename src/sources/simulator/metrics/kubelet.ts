import type { Claim, Node } from '../model/entities.ts';
import { count, each, gauge, histogram, onlyFull } from './kinds.ts';
import { exporter } from './metric.ts';

/** The kubelet's own metrics, and the volumes mounted on its node. */

const operations = [
  'container_status',
  'create_container',
  'list_containers',
  'podsandbox_status',
  'start_container',
];
const operationRates = [4, 0.02, 2, 2, 0.02];

const running = (node: Node): number => {
  let containers = 0;
  for (const pod of node.pods) {
    for (const container of pod.containers) if (container.state === 'running') containers++;
  }
  return containers;
};

export const kubelet = exporter('node', {
  job: 'kubelet',
  startedMs: (node) => node.bootMs,
  metrics: [
    gauge('kubelet_running_pods', (node) => node.pods.size),
    gauge('kubelet_running_containers', running, () => each('container_state', ['running'])),
    gauge('machine_cpu_cores', (node) => node.cpus),
    gauge('machine_memory_bytes', (node) => node.memoryBytes),
    gauge('process_start_time_seconds', (node) => Math.floor(node.bootMs / 1000)),
    ...onlyFull([
      count<Node>(
        'kubelet_runtime_operations_total',
        (node, row) => operationRates[row]! * (1 + node.pods.size / 10),
        () => each('operation_type', operations),
      ),
      histogram<Node>('kubelet_pod_worker_duration_seconds', {
        bounds: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
        observe: (node) => ({
          rate: node.pods.size / 60,
          median: 0.02 * node.contention,
          spread: 1,
        }),
        rows: () => each('operation_type', ['sync']),
      }),
    ]),
  ],
});

const inodes = 1_310_720;

export const kubeletVolumes = exporter('claim', {
  job: 'kubelet',
  host: (claim) => claim.pod?.node ?? claim,
  when: (claim) => claim.pod !== null && claim.pod.node !== null,
  stamp: (claim) => claim.pod?.node?.name ?? '',
  startedMs: (claim) => claim.createdMs,
  labels: (claim) => ({ namespace: claim.namespace, persistentvolumeclaim: claim.name }),
  metrics: [
    gauge('kubelet_volume_stats_capacity_bytes', (claim) => claim.capacity),
    gauge('kubelet_volume_stats_used_bytes', (claim) => Math.round(claim.used)),
    gauge('kubelet_volume_stats_available_bytes', (claim) =>
      Math.round(claim.capacity - claim.used),
    ),
    ...onlyFull([
      gauge<Claim>('kubelet_volume_stats_inodes', () => inodes),
      gauge<Claim>('kubelet_volume_stats_inodes_used', (claim) =>
        Math.round((claim.used / claim.capacity) * inodes),
      ),
    ]),
  ],
});
