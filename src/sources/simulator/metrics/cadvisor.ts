import type { Container, Pod } from '../model/entities.ts';
import { count, counter, each, gauge, onlyFull } from './kinds.ts';
import { exporter } from './metric.ts';

/** cAdvisor, in the kubelet: one target per node. A restarted container is a new set of series. */

const podSlice = (pod: Pod): string =>
  `/kubepods.slice/kubepods-pod${pod.uid.replaceAll('-', '_')}.slice`;
const periods = 10;

export const cadvisorContainers = exporter('container', {
  job: 'kubelet-cadvisor',
  host: (container) => container.pod.node ?? container.pod,
  when: (container) => container.pod.node !== null && container.state === 'running',
  startedMs: (container) => container.startedMs,
  stamp: (container) => container.id,
  labels: ({ id, pod, spec }) => ({
    container: spec.name,
    id: `${podSlice(pod)}/cri-containerd-${id}.scope`,
    image: `${spec.image}:${pod.workload.imageTag}`,
    name: id,
    namespace: pod.workload.namespace,
    pod: pod.name,
  }),
  metrics: [
    counter(
      'container_cpu_usage_seconds_total',
      (c) => c.cpu,
      () => each('cpu', ['total']),
    ),
    gauge('container_memory_working_set_bytes', (c) => Math.round(c.memory)),
    gauge('container_memory_rss', (c) => Math.round(c.memory * 0.86)),
    gauge('container_memory_cache', (c) => Math.round(c.memory * 0.2)),
    gauge('container_spec_memory_limit_bytes', (c) => c.spec.memoryLimit),
    count('container_cpu_cfs_periods_total', () => periods),
    count('container_cpu_cfs_throttled_periods_total', (c) => periods * c.throttled),
    gauge('container_start_time_seconds', (c) => Math.floor(c.startedMs / 1000)),
    ...onlyFull([
      counter<Container>('container_cpu_user_seconds_total', (c) => c.cpu * 0.8),
      counter<Container>('container_cpu_system_seconds_total', (c) => c.cpu * 0.2),
      counter<Container>('container_cpu_cfs_throttled_seconds_total', (c) => c.throttled * 0.3),
      gauge<Container>('container_memory_usage_bytes', (c) => Math.round(c.memory * 1.12)),
      gauge<Container>('container_memory_swap', () => 0),
      gauge<Container>('container_spec_cpu_quota', (c) => c.spec.cpuLimit * 100_000),
      gauge<Container>('container_spec_cpu_period', () => 100_000),
      gauge<Container>('container_threads', (c) => 12 + Math.round(c.cpu * 10)),
      count<Container>(
        'container_fs_writes_bytes_total',
        (c) => 2_000 + c.pod.rate * 300,
        () => each('device', ['/dev/nvme0n1']),
      ),
      count<Container>(
        'container_fs_reads_bytes_total',
        (c) => 200 + c.pod.rate * 20,
        () => each('device', ['/dev/nvme0n1']),
      ),
      count<Container>('container_oom_events_total', () => 0),
    ]),
  ],
});

const interfaces = each('interface', ['eth0']);
const network = (family: string, rate: (pod: Pod) => number) =>
  count<Pod>(family, rate, () => interfaces);

export const cadvisorPods = exporter('pod', {
  job: 'kubelet-cadvisor',
  host: (pod) => pod.node ?? pod,
  when: (pod) => pod.node !== null && pod.phase === 'Running',
  startedMs: (pod) => pod.startedMs,
  labels: (pod) => ({
    id: podSlice(pod),
    namespace: pod.workload.namespace,
    pod: pod.name,
  }),
  metrics: [
    network('container_network_receive_bytes_total', (pod) => 400 + pod.rate * 1_900),
    network('container_network_transmit_bytes_total', (pod) => 300 + pod.rate * 4_700),
    ...onlyFull([
      network('container_network_receive_packets_total', (pod) => 4 + pod.rate * 4),
      network('container_network_transmit_packets_total', (pod) => 4 + pod.rate * 5),
      network('container_network_receive_packets_dropped_total', () => 0),
      network('container_network_transmit_errors_total', () => 0),
    ]),
  ],
});
