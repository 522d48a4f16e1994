import type { FleetOptions } from './options.ts';

const minute = 60_000;

/** Two clusters, one of each flavour, on which everything goes wrong within 50 minutes. */
export const storm = {
  startMs: 1_795_000_000_000,
  clusters: 2,
  seriesPerCluster: 1_400,
  replicas: [2, 1],
  intervalMs: 30_000,
  rolloutsPerHour: 12,
  seed: 5,
  script: [
    { fault: 'crash_loop', afterMs: 1 * minute, cluster: 0, settings: { durationMs: 20 * minute } },
    {
      fault: 'latency_step',
      afterMs: 2 * minute,
      cluster: 1,
      settings: { durationMs: 6 * minute },
    },
    {
      fault: 'memory_leak',
      afterMs: 2 * minute,
      cluster: 1,
      settings: { kills: 2, climbMs: 6 * minute },
    },
    {
      fault: 'replica_lost',
      afterMs: 4 * minute,
      cluster: 0,
      settings: { durationMs: 6 * minute },
    },
    {
      fault: 'node_lost',
      afterMs: 5 * minute,
      cluster: 1,
      settings: { durationMs: 10 * minute, gone: 0, reboot: 0 },
    },
    { fault: 'prometheus_restart', afterMs: 18 * minute, cluster: 1 },
    {
      fault: 'openshift_upgrade',
      afterMs: 22 * minute,
      cluster: 0,
      settings: { operatorMs: 20_000 },
    },
    { fault: 'vanilla_upgrade', afterMs: 24 * minute, cluster: 1 },
    {
      fault: 'silent_cluster',
      afterMs: 40 * minute,
      cluster: 0,
      settings: { durationMs: 3 * minute },
    },
    {
      fault: 'noisy_neighbour',
      afterMs: 40 * minute,
      cluster: 1,
      settings: { durationMs: 5 * minute },
    },
  ],
} satisfies FleetOptions;

export const stormEndMs: number = storm.startMs + 50 * minute;
