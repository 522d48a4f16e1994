import { apiServer, apiServerDurations, apiServerDurationsSmall } from './api-server.ts';
import { application } from './application.ts';
import { cadvisorContainers, cadvisorPods } from './cadvisor.ts';
import { clusterAutoscaler } from './cluster-autoscaler.ts';
import { controllerManager, etcd, scheduler } from './etcd.ts';
import { kubeStateNamespaces, kubeStateNodes } from './kube-state-nodes.ts';
import { kubeStateContainers, kubeStatePods } from './kube-state-pods.ts';
import {
  kubeStateAutoscalers,
  kubeStateClaims,
  kubeStateDaemonSets,
  kubeStateDeployments,
  kubeStateStatefulSets,
  kubeStateVolumes,
} from './kube-state-workloads.ts';
import { kubelet, kubeletVolumes } from './kubelet.ts';
import type { Exporter } from './metric.ts';
import { nodeExporter } from './node-exporter.ts';
import { clusterOperators, clusterVersion, machineConfigPools } from './openshift.ts';
import { clusterRules, nodeRules, prometheus } from './prometheus.ts';

/** Everything that is scraped. A new exporter is added here. */
export const exporters: readonly Exporter[] = [
  apiServer,
  apiServerDurations,
  apiServerDurationsSmall,
  application,
  cadvisorContainers,
  cadvisorPods,
  clusterAutoscaler,
  clusterOperators,
  clusterRules,
  clusterVersion,
  controllerManager,
  etcd,
  kubeStateAutoscalers,
  kubeStateClaims,
  kubeStateContainers,
  kubeStateDaemonSets,
  kubeStateDeployments,
  kubeStateNamespaces,
  kubeStateNodes,
  kubeStatePods,
  kubeStateStatefulSets,
  kubeStateVolumes,
  kubelet,
  kubeletVolumes,
  machineConfigPools,
  nodeExporter,
  nodeRules,
  prometheus,
  scheduler,
];
