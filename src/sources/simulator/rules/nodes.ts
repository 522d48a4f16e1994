import type { Node } from '../model/entities.ts';
import { minutes, type Rule, rule } from './rule.ts';

/** Alerts about nodes, named as the Kubernetes and node mixins name them. */

const asNode = (node: Node) => ({ job: 'kube-state-metrics', node: node.name });
const asInstance = (node: Node) => ({ job: 'node-exporter', instance: node.name });
const root = (node: Node) => ({
  ...asInstance(node),
  device: '/dev/nvme0n1p4',
  fstype: 'xfs',
  mountpoint: '/',
});
const diskFree = (node: Node): number => (node.diskBytes - node.diskUsed) / node.diskBytes;

export const nodeRules: readonly Rule[] = [
  rule('node', {
    alert: 'KubeNodeNotReady',
    severity: 'warning',
    forMs: minutes(15),
    when: (node) => node.ready !== 'true' && !node.unschedulable,
    labels: (node) => ({ ...asNode(node), condition: 'Ready', status: 'true' }),
  }),
  rule('node', {
    alert: 'KubeNodeUnreachable',
    severity: 'warning',
    forMs: minutes(15),
    when: (node) => node.ready === 'unknown' && !node.unschedulable,
    labels: (node) => ({
      ...asNode(node),
      key: 'node.kubernetes.io/unreachable',
      effect: 'NoSchedule',
    }),
  }),
  rule('node', {
    alert: 'TargetDown',
    severity: 'warning',
    forMs: minutes(10),
    when: (node) => !node.up,
    labels: (node) => ({
      job: 'kubelet',
      namespace: 'kube-system',
      service: 'kubelet',
      node: node.name,
    }),
  }),
  rule('node', {
    alert: 'KubeNodePressure',
    severity: 'info',
    forMs: minutes(10),
    when: (node) => node.memoryPressure || node.diskPressure,
    labels: (node) => ({
      ...asNode(node),
      condition: node.memoryPressure ? 'MemoryPressure' : 'DiskPressure',
      status: 'true',
    }),
  }),
  rule('node', {
    alert: 'NodeMemoryHighUtilization',
    severity: 'warning',
    forMs: minutes(15),
    when: (node) => node.up && node.memoryUsed > node.memoryBytes * 0.9,
    labels: asInstance,
  }),
  rule('node', {
    alert: 'NodeCPUHighUsage',
    severity: 'info',
    forMs: minutes(15),
    when: (node) => node.up && node.cpuUsed > node.cpus * 0.9,
    labels: asInstance,
  }),
  rule('node', {
    alert: 'NodeFilesystemAlmostOutOfSpace',
    severity: 'warning',
    forMs: minutes(30),
    when: (node) => node.up && diskFree(node) < 0.05,
    labels: root,
  }),
  rule('node', {
    alert: 'NodeFilesystemSpaceFillingUp',
    severity: 'critical',
    forMs: minutes(5),
    when: (node) => node.up && diskFree(node) < 0.15,
    labels: root,
  }),
];
