import type { Cluster, Namespace, Node } from '../model/entities.ts';
import { each, gauge, onlyFull, states } from './kinds.ts';
import { exporter } from './metric.ts';

/** kube-state-metrics about nodes and namespaces: one target per cluster. */

const conditions = ['DiskPressure', 'MemoryPressure', 'NetworkUnavailable', 'PIDPressure', 'Ready'];
const statuses = ['true', 'false', 'unknown'] as const;
const conditionRows = conditions.flatMap((condition) =>
  statuses.map((status) => ({ condition, status })),
);

function conditionStatus(node: Node, condition: string): string {
  if (condition === 'Ready') return node.ready;
  // The node controller marks every condition of a silent node unknown.
  if (node.ready === 'unknown' && condition !== 'NetworkUnavailable') return 'unknown';
  if (condition === 'MemoryPressure') return String(node.memoryPressure);
  if (condition === 'DiskPressure') return String(node.diskPressure);
  return 'false';
}

const resources = [
  { resource: 'cpu', unit: 'core' },
  { resource: 'memory', unit: 'byte' },
  { resource: 'pods', unit: 'integer' },
];
const capacity = (node: Node, row: number): number =>
  row === 0 ? node.cpus : row === 1 ? node.memoryBytes : 250;
const allocatable = (node: Node, row: number): number =>
  row === 0 ? node.cpus - 0.5 : row === 1 ? node.memoryBytes - 1.2e9 : 250;

const clusterOfNode = (node: Node): Cluster => node.cluster;

export const kubeStateNodes = exporter('node', {
  job: 'kube-state-metrics',
  host: clusterOfNode,
  startedMs: (node) => node.createdMs,
  labels: (node) => ({ node: node.name }),
  metrics: [
    gauge(
      'kube_node_status_condition',
      (node, row) => {
        const { condition, status } = conditionRows[row]!;
        return conditionStatus(node, condition) === status ? 1 : 0;
      },
      () => conditionRows,
    ),
    gauge('kube_node_status_capacity', capacity, () => resources),
    gauge('kube_node_status_allocatable', allocatable, () => resources),
    gauge('kube_node_spec_unschedulable', (node) => (node.unschedulable ? 1 : 0)),
    gauge('kube_node_created', (node) => Math.floor(node.createdMs / 1000)),
    gauge(
      'kube_node_role',
      () => 1,
      (node) => each('role', [node.role]),
    ),
    ...onlyFull([
      gauge<Node>(
        'kube_node_labels',
        () => 1,
        (node) => [{ label_topology_kubernetes_io_zone: node.zone, label_node_group: node.group }],
      ),
    ]),
    states('kube_node_info', (node) => [
      {
        container_runtime_version:
          node.cluster.flavour === 'openshift' ? 'cri-o://1.33.4' : 'containerd://2.1.4',
        internal_ip: node.address,
        kernel_version: node.kernel,
        kubelet_version: node.kubeletVersion,
        kubeproxy_version: node.kubeletVersion,
        os_image: node.osImage,
        provider_id: `machine:///${node.zone}/${node.uid}`,
        system_uuid: node.uid,
      },
    ]),
    states('kube_node_spec_taint', (node) => {
      const taint = (key: string, effect: string) => ({
        key: `node.kubernetes.io/${key}`,
        effect,
        value: '',
      });
      return [
        ...(node.unschedulable ? [taint('unschedulable', 'NoSchedule')] : []),
        ...(node.ready === 'unknown' ? [taint('unreachable', 'NoExecute')] : []),
        ...(node.ready === 'false' ? [taint('not-ready', 'NoExecute')] : []),
        ...(node.memoryPressure ? [taint('memory-pressure', 'NoSchedule')] : []),
        ...(node.diskPressure ? [taint('disk-pressure', 'NoSchedule')] : []),
      ];
    }),
  ],
});

export const kubeStateNamespaces = exporter('namespace', {
  job: 'kube-state-metrics',
  host: (namespace: Namespace) => namespace.cluster,
  startedMs: (namespace) => namespace.cluster.createdMs,
  labels: (namespace) => ({ namespace: namespace.name }),
  metrics: [
    gauge('kube_namespace_created', (namespace) => Math.floor(namespace.cluster.createdMs / 1000)),
    gauge(
      'kube_namespace_status_phase',
      (_, row) => (row === 0 ? 1 : 0),
      () => each('phase', ['Active', 'Terminating']),
    ),
  ],
});
