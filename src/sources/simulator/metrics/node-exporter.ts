import type { Node } from '../model/entities.ts';
import { count, counter, each, gauge, onlyFull, states, total } from './kinds.ts';
import { exporter } from './metric.ts';

/** node_exporter: one target per node. */

const modes = ['idle', 'iowait', 'irq', 'nice', 'softirq', 'steal', 'system', 'user'] as const;
/** Shares of what is not idle; user has the rest. */
const modeShares = [0, 0.03, 0.001, 0.002, 0.015, 0.01, 0.22, 0.722] as const;

const cpuRows = (node: Node) =>
  Array.from({ length: node.cpus }, (_, cpu) =>
    modes.map((mode) => ({ cpu: String(cpu), mode })),
  ).flat();

/** Seconds per second of one CPU in one mode; CPU 0 is somewhat busier. */
function cpuRate(node: Node, row: number): number {
  const cpu = Math.floor(row / modes.length);
  const mode = row % modes.length;
  const tilt = 1 + (0.1 * ((node.cpus - 1) / 2 - cpu)) / node.cpus;
  const busy = Math.min(0.995, (node.cpuUsed / node.cpus) * tilt);
  return mode === 0 ? 1 - busy : busy * modeShares[mode]!;
}

const available = (node: Node): number => node.memoryBytes - node.memoryUsed;

/** Root, /boot and the runtime's tmpfs; only the root fills. */
const mounts = [
  { device: '/dev/nvme0n1p4', fstype: 'xfs', mountpoint: '/' },
  { device: '/dev/nvme0n1p3', fstype: 'ext4', mountpoint: '/boot' },
  { device: 'tmpfs', fstype: 'tmpfs', mountpoint: '/run' },
];
const mountSize = (node: Node, row: number): number =>
  row === 0 ? node.diskBytes : row === 1 ? 384e6 : node.memoryBytes * 0.2;
const mountFree = (node: Node, row: number): number =>
  row === 0 ? node.diskBytes - node.diskUsed : mountSize(node, row) * 0.8;

const devices = each('device', ['br-ex', 'ens5']);
const networkRows = () => devices;
const diskRows = () => each('device', ['nvme0n1']);
const packets = 900;

export const nodeExporter = exporter('node', {
  job: 'node-exporter',
  startedMs: (node) => node.bootMs,
  metrics: [
    counter('node_cpu_seconds_total', cpuRate, cpuRows),
    gauge('node_load1', (node) => node.load1),
    gauge('node_load5', (node) => node.load5),
    gauge('node_load15', (node) => node.load15),
    gauge('node_boot_time_seconds', (node) => Math.floor(node.bootMs / 1000)),
    gauge('node_memory_MemTotal_bytes', (node) => node.memoryBytes),
    gauge('node_memory_MemAvailable_bytes', available),
    gauge('node_memory_MemFree_bytes', (node) => available(node) * 0.55),
    gauge('node_memory_Cached_bytes', (node) => available(node) * 0.4),
    gauge('node_memory_Buffers_bytes', (node) => available(node) * 0.02),
    ...onlyFull([
      gauge<Node>('node_memory_Slab_bytes', (node) => node.memoryUsed * 0.05),
      gauge<Node>('node_memory_SwapTotal_bytes', () => 0),
      gauge<Node>('node_memory_AnonPages_bytes', (node) => node.memoryUsed * 0.8),
      gauge<Node>('node_memory_Dirty_bytes', (node) => node.diskWriteRate * 2),
      count<Node>(
        'node_vmstat_pgmajfault',
        (node) => 40 * (node.memoryUsed / node.memoryBytes) ** 6,
      ),
      count<Node>('node_vmstat_pgpgin', (node) => node.diskReadRate / 1024),
      count<Node>('node_vmstat_pgpgout', (node) => node.diskWriteRate / 1024),
      count<Node>('node_context_switches_total', (node) => 4000 * node.cpuUsed + 2000),
      count<Node>('node_intr_total', (node) => 2500 * node.cpuUsed + 1500),
      count<Node>('node_forks_total', (node) => 10 + node.pods.size),
      gauge<Node>('node_procs_running', (node) => Math.max(1, Math.round(node.load1))),
      gauge<Node>('node_procs_blocked', () => 0),
      gauge<Node>('node_filefd_allocated', (node) => 2_000 + 300 * node.pods.size),
      gauge<Node>('node_filefd_maximum', () => 9.223372036854776e18),
      count<Node>('node_netstat_Tcp_OutSegs', (node) => node.transmitRate / packets),
      count<Node>('node_netstat_Tcp_RetransSegs', (node) => node.transmitRate / packets / 2_000),
      count<Node>('node_netstat_TcpExt_TCPSynRetrans', () => 0.02),
      gauge<Node>('node_netstat_Tcp_CurrEstab', (node) => 60 + 12 * node.pods.size),
      gauge<Node>('node_sockstat_TCP_inuse', (node) => 80 + 14 * node.pods.size),
      gauge<Node>('node_nf_conntrack_entries', (node) => Math.round(node.receiveRate / 900) + 200),
      gauge<Node>('node_nf_conntrack_entries_limit', () => 524_288),
      gauge<Node>('node_timex_offset_seconds', (node) => 2e-5 * (node.level - 1)),
      gauge<Node>('node_timex_sync_status', () => 1),
      counter<Node>(
        'node_pressure_cpu_waiting_seconds_total',
        (node) => 0.05 * (node.cpuUsed / node.cpus) + (node.contention - 1),
      ),
      counter<Node>('node_pressure_io_waiting_seconds_total', () => 0.01),
      counter<Node>(
        'node_pressure_memory_waiting_seconds_total',
        (node) => 0.4 * (node.memoryUsed / node.memoryBytes) ** 12,
      ),
      counter<Node>(
        'node_disk_io_time_seconds_total',
        (node) => Math.min(1, node.diskWriteRate / 8e7 + 0.004),
        diskRows,
      ),
      counter<Node>(
        'node_disk_io_time_weighted_seconds_total',
        (node) => node.diskWriteRate / 5e7,
        diskRows,
      ),
      count<Node>(
        'node_disk_reads_completed_total',
        (node) => node.diskReadRate / 12_000,
        diskRows,
      ),
      count<Node>(
        'node_disk_writes_completed_total',
        (node) => node.diskWriteRate / 9_000,
        diskRows,
      ),
      count<Node>(
        'node_network_receive_packets_total',
        (node, row) => (node.receiveRate / packets) * (row === 0 ? 0.9 : 1),
        networkRows,
      ),
      count<Node>(
        'node_network_transmit_packets_total',
        (node, row) => (node.transmitRate / packets) * (row === 0 ? 0.9 : 1),
        networkRows,
      ),
      count<Node>('node_network_receive_drop_total', () => 0.01, networkRows),
      count<Node>('node_network_transmit_drop_total', () => 0, networkRows),
      count<Node>('node_network_receive_errs_total', () => 0, networkRows),
      gauge<Node>('node_network_up', () => 1, networkRows),
      gauge<Node>(
        'node_filesystem_files',
        (node, row) => Math.floor(mountSize(node, row) / 2048),
        () => mounts,
      ),
      gauge<Node>(
        'node_filesystem_files_free',
        (node, row) => Math.floor(mountFree(node, row) / 2048),
        () => mounts,
      ),
      gauge<Node>(
        'node_filesystem_readonly',
        () => 0,
        () => mounts,
      ),
      gauge<Node>(
        'node_scrape_collector_success',
        () => 1,
        () =>
          each('collector', [
            'cpu',
            'diskstats',
            'filesystem',
            'loadavg',
            'meminfo',
            'netdev',
            'uname',
            'vmstat',
          ]),
      ),
    ]),
    total('node_vmstat_oom_kill', (node) => node.oomKills),
    gauge('node_filesystem_size_bytes', mountSize, () => mounts),
    gauge('node_filesystem_free_bytes', mountFree, () => mounts),
    gauge(
      'node_filesystem_avail_bytes',
      (node, row) => mountFree(node, row) * 0.98,
      () => mounts,
    ),
    count('node_disk_read_bytes_total', (node) => node.diskReadRate, diskRows),
    count('node_disk_written_bytes_total', (node) => node.diskWriteRate, diskRows),
    count(
      'node_network_receive_bytes_total',
      (node, row) => node.receiveRate * (row === 0 ? 0.9 : 1),
      networkRows,
    ),
    count(
      'node_network_transmit_bytes_total',
      (node, row) => node.transmitRate * (row === 0 ? 0.9 : 1),
      networkRows,
    ),
    states('node_uname_info', (node) => [
      {
        domainname: '(none)',
        machine: 'x86_64',
        nodename: node.name,
        release: node.kernel,
        sysname: 'Linux',
        version: '#1 SMP PREEMPT_DYNAMIC',
      },
    ]),
  ],
});
