import type { Cluster, Node, Replica } from '../model/entities.ts';
import { count, gauge, states } from './kinds.ts';
import { exporter } from './metric.ts';

/** Prometheus about itself, and what its recording rules make of the rest. */

export const prometheus = exporter('replica', {
  job: 'prometheus',
  startedMs: (replica) => replica.startedMs,
  metrics: [
    gauge('prometheus_tsdb_head_series', (replica) => replica.headSeries),
    count(
      'prometheus_tsdb_head_samples_appended_total',
      (replica) => replica.headSeries / 15,
      () => [{ type: 'float' }],
    ),
    gauge('prometheus_remote_storage_shards', () => 1),
    gauge('process_start_time_seconds', (replica: Replica) => Math.floor(replica.startedMs / 1000)),
    states('prometheus_build_info', () => [
      { branch: 'HEAD', goversion: 'go1.26.1', version: '3.9.1' },
    ]),
  ],
});

function sumOf(cluster: Cluster, value: (node: Node) => number): number {
  let sum = 0;
  for (const node of cluster.nodes) if (node.up) sum += value(node);
  return sum;
}

export const clusterRules = exporter('cluster', {
  job: 'rules',
  startedMs: (cluster) => cluster.createdMs,
  metrics: [
    gauge('cluster:capacity_cpu_cores:sum', (cluster) => sumOf(cluster, (node) => node.cpus)),
    gauge('cluster:capacity_memory_bytes:sum', (cluster) =>
      sumOf(cluster, (node) => node.memoryBytes),
    ),
    gauge('cluster:cpu_usage_cores:sum', (cluster) => sumOf(cluster, (node) => node.cpuUsed)),
    gauge('cluster:memory_usage_bytes:sum', (cluster) => sumOf(cluster, (node) => node.memoryUsed)),
    gauge(
      'cluster:node_cpu:ratio',
      (cluster) =>
        sumOf(cluster, (node) => node.cpuUsed) /
        Math.max(
          1,
          sumOf(cluster, (node) => node.cpus),
        ),
    ),
  ],
});

export const nodeRules = exporter('node', {
  job: 'rules',
  host: (node) => node.cluster,
  when: (node) => node.up && node.cluster.detail === 'full',
  startedMs: (node) => node.bootMs,
  labels: (node) => ({ instance: node.name }),
  metrics: [
    gauge(
      'instance:node_cpu_utilisation:rate1m',
      (node) => node.cpuUsed / node.cpus,
      () => [{ job: 'node-exporter' }],
    ),
    gauge(
      'instance:node_memory_utilisation:ratio',
      (node) => node.memoryUsed / node.memoryBytes,
      () => [{ job: 'node-exporter' }],
    ),
    gauge(
      'instance:node_load1_per_cpu:ratio',
      (node) => node.load1 / node.cpus,
      () => [{ job: 'node-exporter' }],
    ),
  ],
});
