import { utf8 } from '../../../core/bytes.ts';
import { xxh32 } from '../../../core/xxh32.ts';
import type { Labels } from '../labels.ts';
import {
  type Cluster,
  clusterOf,
  type Entity,
  type Member,
  type Node,
  type Pod,
} from '../model/entities.ts';

/** The scrape jobs: labels of their targets, and when a target answers. */
export interface Job {
  labels(host: Entity, cluster: Cluster): Labels;
  isUp(host: Entity): boolean;
}

export type JobName =
  | 'apiserver'
  | 'application'
  | 'cluster-autoscaler'
  | 'cluster-version-operator'
  | 'etcd'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kube-state-metrics'
  | 'kubelet'
  | 'kubelet-cadvisor'
  | 'machine-config-operator'
  | 'node-exporter'
  | 'prometheus'
  | 'rules';

const isOpenShift = (cluster: Cluster): boolean => cluster.flavour === 'openshift';
const always = (): boolean => true;

/** A name that an object keeps, made from another name. */
const derived = (text: string): string =>
  xxh32(utf8(text)).toString(36).padStart(7, '0').slice(0, 5);

const nodeUp = (host: Entity): boolean => (host as Node).up;
const memberUp = (host: Entity): boolean => (host as Member).node.up && (host as Member).apiUp;
const memberNodeUp = (host: Entity): boolean => (host as Member).node.up;

/** A component with one pod in a cluster. */
function single(name: string, namespace: string, port: number): Job {
  return {
    labels: (_, cluster) => ({
      job: name,
      instance: `10.${128 + (cluster.index % 100)}.0.${10 + (name.length % 9)}:${port}`,
      namespace,
      endpoint: 'metrics',
      service: name,
      pod: `${name}-${derived(cluster.id + name)}`,
    }),
    isUp: always,
  };
}

/** A static pod of each control-plane node. */
function staticPod(job: string, port: number, isUp: Job['isUp']): Job {
  return {
    labels: (host, cluster) => {
      const { node } = host as Member;
      const namespace = isOpenShift(cluster) ? `openshift-${job}` : 'kube-system';
      return {
        job,
        instance: `${node.address}:${port}`,
        namespace,
        endpoint: job === 'etcd' ? 'etcd-metrics' : 'https',
        service: job,
        pod: `${job}-${node.name}`,
      };
    },
    isUp,
  };
}

const kubelet = (path: string): Job => ({
  labels: (host) => {
    const { address, name } = host as Node;
    return {
      job: 'kubelet',
      instance: `${address}:10250`,
      metrics_path: path,
      namespace: 'kube-system',
      endpoint: 'https-metrics',
      service: 'kubelet',
      node: name,
    };
  },
  isUp: nodeUp,
});

const monitoring = (cluster: Cluster): string =>
  isOpenShift(cluster) ? 'openshift-monitoring' : 'monitoring';

export const jobs: Record<JobName, Job> = {
  apiserver: {
    labels: (host) => ({
      job: 'apiserver',
      instance: `${(host as Member).node.address}:6443`,
      namespace: 'default',
      endpoint: 'https',
      service: 'kubernetes',
    }),
    isUp: memberUp,
  },
  application: {
    labels: (host) => {
      const { workload, address, name } = host as Pod;
      return {
        job: workload.name,
        instance: `${address}:8080`,
        namespace: workload.namespace,
        endpoint: 'http',
        service: workload.name,
        pod: name,
        container: workload.containers[0]!.name,
      };
    },
    isUp: (host) => {
      const { node, containers } = host as Pod;
      return node?.up === true && containers[0]!.state === 'running';
    },
  },
  'cluster-autoscaler': single('cluster-autoscaler', 'kube-system', 8085),
  'cluster-version-operator': single('cluster-version-operator', 'openshift-cluster-version', 9099),
  etcd: staticPod('etcd', 9979, memberNodeUp),
  'kube-controller-manager': staticPod('kube-controller-manager', 10257, memberNodeUp),
  'kube-scheduler': staticPod('kube-scheduler', 10259, memberNodeUp),
  // With honorLabels and without namespace, pod and service of its own, as kube-prometheus has it.
  'kube-state-metrics': {
    labels: (_, cluster) => ({
      job: 'kube-state-metrics',
      instance: `10.${128 + (cluster.index % 100)}.0.9:8443`,
      container: 'kube-rbac-proxy-main',
    }),
    isUp: always,
  },
  kubelet: kubelet('/metrics'),
  'kubelet-cadvisor': kubelet('/metrics/cadvisor'),
  'machine-config-operator': single(
    'machine-config-operator',
    'openshift-machine-config-operator',
    9001,
  ),
  'node-exporter': {
    labels: (host, cluster) => ({
      job: 'node-exporter',
      instance: (host as Node).name,
      namespace: monitoring(cluster),
      endpoint: 'https',
      service: 'node-exporter',
      pod: `node-exporter-${derived((host as Node).uid)}`,
      container: 'kube-rbac-proxy',
    }),
    isUp: nodeUp,
  },
  prometheus: {
    labels: (host, cluster) => {
      const { name, address } = host as Extract<Entity, { kind: 'replica' }>;
      return {
        job: 'prometheus-k8s',
        instance: `${address}:9090`,
        namespace: monitoring(cluster),
        endpoint: 'web',
        service: 'prometheus-k8s',
        pod: name,
        container: 'prometheus',
      };
    },
    isUp: (host) => (host as Extract<Entity, { kind: 'replica' }>).up,
  },
  // Recording rules and alerts: no target, so no labels and no `up`.
  rules: { labels: () => ({}), isUp: always },
};

export function targetLabels(job: JobName, host: Entity): Labels {
  return jobs[job].labels(host, clusterOf(host));
}
