import { createFleet } from './fleet.ts';
import type { FleetOptions } from './options.ts';
import { RequestMaker, type WriteRequest } from './sender/requests.ts';

export interface PrepareOptions extends Omit<FleetOptions, 'startMs'> {
  /** Series in all, over all clusters. */
  readonly series: number;
  /** Scrapes of each series. */
  readonly rounds: number;
  readonly startMs?: number;
}

/** Bodies need a time that does not change from run to run. */
const someMoment = Date.UTC(2026, 10, 1);

/**
 * Request bodies in the order in which they would be sent, ready to post: a bench in a closed loop
 * pays nothing for them. No faults, no churn and full requests unless asked for.
 */
export function prepareBodies(options: PrepareOptions): WriteRequest[] {
  const { series, rounds, clusters = 1, startMs = someMoment, ...rest } = options;
  const fleet = createFleet({
    script: 'none',
    rolloutsPerHour: 0,
    sendDeadlineMs: 60_000,
    ...rest,
    clusters,
    startMs,
    seriesPerCluster: Math.max(450, Math.round(series / clusters)),
  });
  const makers = new Map(
    fleet.clusters.map((cluster) => [cluster, new RequestMaker(cluster, fleet.settings)]),
  );
  const requests: WriteRequest[] = [];
  const { intervalMs } = fleet.settings;
  for (let round = 1; round <= rounds; round++) {
    const untilMs = startMs + round * intervalMs;
    for (const [cluster, batch] of fleet.step(untilMs, { flush: true })) {
      requests.push(...makers.get(cluster)!.requests(batch));
    }
  }
  return requests;
}
