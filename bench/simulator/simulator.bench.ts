import { setImmediate } from 'node:timers/promises';
import { createFleet, type SimulatedCluster } from '../../src/sources/simulator/fleet.ts';
import type { FleetOptions } from '../../src/sources/simulator/options.ts';
import { prepareBodies } from '../../src/sources/simulator/prepare.ts';
import { RequestMaker } from '../../src/sources/simulator/sender/requests.ts';
import type { BenchCase } from '../bench-case.ts';

/** What it costs to make the load, in CPU time; the best of some rounds, for a busy machine. */

const startMs = Date.UTC(2026, 10, 1);
const intervalMs = 15_000;
/** Scrapes per round. */
const scrapes = 4;

interface Shape extends Pick<FleetOptions, 'clusters' | 'seriesPerCluster' | 'protocol'> {
  readonly isCatchingUp?: boolean;
  readonly rounds?: number;
}

async function measure(shape: Shape): Promise<Record<string, number>> {
  const { isCatchingUp = false, rounds = 5, ...options } = shape;
  const memoryBefore = await memory();
  const building = process.cpuUsage();
  const fleet = createFleet({ ...options, startMs, script: 'none' });
  const buildSeconds = cpuSeconds(building);
  const makers = new Map<SimulatedCluster, RequestMaker>(
    fleet.clusters.map((cluster) => [cluster, new RequestMaker(cluster, fleet.settings)]),
  );
  let best = Number.POSITIVE_INFINITY;
  let bytesPerSample = 0;
  for (let round = 1; round <= rounds; round++) {
    const begun = process.cpuUsage();
    let samples = 0;
    let bytes = 0;
    for (const [cluster, batch] of fleet.step(startMs + round * scrapes * intervalMs, {
      isCatchingUp,
    })) {
      for (const request of makers.get(cluster)!.requests(batch)) {
        samples += request.samples + request.histograms;
        bytes += request.body.length;
      }
    }
    best = Math.min(best, cpuSeconds(begun) / samples);
    bytesPerSample = bytes / samples;
  }
  return {
    nsPerSample: best * 1e9,
    millionSamplesPerCoreSecond: 1e-6 / best,
    bytesPerSample,
    series: fleet.seriesCount,
    memoryBytesPerSeries: ((await memory()) - memoryBefore) / fleet.seriesCount,
    buildMicrosPerSeries: (buildSeconds * 1e6) / fleet.seriesCount,
  };
}

function cpuSeconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}

/** Bytes in use; exact only with `node --expose-gc`. */
async function memory(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await setImmediate();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const live = (name: string, shape: Shape): BenchCase => ({
  name: `simulator ${name}`,
  run: () => measure(shape),
});

export const cases: readonly BenchCase[] = [
  live('RW2 live, 10 clusters of 10k series', {
    clusters: 10,
    seriesPerCluster: 10_000,
    protocol: 2,
  }),
  live('RW1 live, 10 clusters of 10k series', {
    clusters: 10,
    seriesPerCluster: 10_000,
    protocol: 1,
  }),
  live('RW2 live, 50 clusters of 2k series', {
    clusters: 50,
    seriesPerCluster: 2_000,
    protocol: 2,
  }),
  live('RW2 backlog, 50 clusters of 2k series', {
    clusters: 50,
    seriesPerCluster: 2_000,
    protocol: 2,
    isCatchingUp: true,
  }),
  live('RW2 live, 1M series', { clusters: 100, seriesPerCluster: 10_000, protocol: 2, rounds: 2 }),
  {
    name: 'simulator prepared bodies, 100k series',
    run: () => {
      const begun = process.cpuUsage();
      const requests = prepareBodies({ series: 100_000, clusters: 10, rounds: 2 });
      const samples = requests.reduce((sum, one) => sum + one.samples, 0);
      const bytes = requests.reduce((sum, one) => sum + one.body.length, 0);
      return Promise.resolve({
        nsPerSample: (cpuSeconds(begun) * 1e9) / samples,
        bytesPerSample: bytes / samples,
        samplesPerRequest: samples / requests.length,
      });
    },
  },
];
