import { gauge, total } from './kinds.ts';
import { exporter } from './metric.ts';

/** The cluster autoscaler: one target per cluster. */
export const clusterAutoscaler = exporter('cluster', {
  job: 'cluster-autoscaler',
  startedMs: (cluster) => cluster.createdMs,
  metrics: [
    total('cluster_autoscaler_scaled_up_nodes_total', (cluster) => cluster.nodesScaledUp),
    total(
      'cluster_autoscaler_scaled_down_nodes_total',
      (cluster) => cluster.nodesScaledDown,
      () => [{ reason: 'empty' }],
    ),
    gauge(
      'cluster_autoscaler_nodes_count',
      (cluster) => cluster.nodes.size,
      () => [{ state: 'ready' }],
    ),
    gauge('cluster_autoscaler_unschedulable_pods_count', ({ workloads }) => {
      let pods = 0;
      for (const workload of workloads)
        for (const pod of workload.pods) if (pod.node === null) pods++;
      return pods;
    }),
  ],
});
