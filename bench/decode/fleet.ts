import type { SeriesInput } from '../../src/formats/remote-write/encode.ts';

type LabelPair = readonly [name: string, value: string];

const families = [
  'container_cpu_usage_seconds_total',
  'container_memory_working_set_bytes',
  'container_memory_rss',
  'container_memory_cache',
  'container_fs_reads_bytes_total',
  'container_fs_writes_bytes_total',
  'container_network_receive_bytes_total',
  'container_network_transmit_bytes_total',
  'container_cpu_cfs_throttled_periods_total',
  'container_threads',
];
const devices = ['eth0', 'nvme0n1', 'nvme1n1', 'ovn-k8s-mp0'];

/**
 * Labels of series `index` of a fleet in the order in which a sender sends them: 12 labels, 40
 * series per container, 800 containers per cluster, about 400 label bytes.
 */
export function labelsOf(index: number): LabelPair[] {
  const container = Math.floor(index / 40);
  const cluster = Math.floor(container / 800);
  const node = Math.floor(container / 40) % 20;
  const id = (Math.imul(container + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0');
  const app = `app-${container % 120}`;
  return [
    ['__name__', families[index % 10]!],
    ['cluster', `prod-eu-${cluster}`],
    ['container', app],
    ['device', devices[Math.floor(index / 10) % 4]!],
    ['endpoint', 'https-metrics'],
    ['id', `/kubepods.slice/kubepods-burstable.slice/kubepods-pod${id}${id}${id}.slice`],
    ['image', `registry.example.com/team-${container % 30}/${app}@sha256:${id}${id}${id}${id}`],
    ['instance', `10.0.${node}.${cluster % 250}:10250`],
    ['job', 'kubelet'],
    ['namespace', `team-${container % 30}-production`],
    ['node', `worker-${node}.prod-eu-${cluster}.example.com`],
    ['pod', `${app}-${id}-${id.slice(0, 5)}`],
  ];
}

/** Entries of one sample each for series [from, to). */
export function entriesOf(from: number, to: number, time: number): SeriesInput[] {
  const entries: SeriesInput[] = [];
  for (let index = from; index < to; index++) {
    const value = (index * 7919 + time / 1000) % 100_003;
    entries.push({ labels: labelsOf(index), samples: [{ time, value: value / 8 }] });
  }
  return entries;
}
