import { hashVersion, partitionOf } from '../../src/core/placement.ts';
import { encodeKubernetesEvent } from '../../src/formats/kubernetes-events/event.ts';
import { readKubernetesEvents } from '../../src/formats/kubernetes-events/read.ts';
import { encodeRequest, type SeriesInput } from '../../src/formats/remote-write/encode.ts';
import { compress } from '../../src/formats/snappy/snappy.ts';
import type { LogRecord, NewRecord } from '../../src/log/log.ts';
import { createFleet } from '../../src/sources/simulator/fleet.ts';
import { RequestMaker } from '../../src/sources/simulator/sender/requests.ts';

/** A record before it has a place; one without cluster is for every partition. */
export interface Unplaced extends NewRecord {
  readonly timestamp: number;
}

const tenant = 't';

export const settingsRecord = (version: number, content: object): NewRecord => ({
  headers: { kind: 'settings' },
  value: Buffer.from(JSON.stringify({ version, sha256: String(version), content })),
});

/**
 * What a fleet with faults and Kubernetes events sends in so many minutes, in log order. At the end
 * of each tick every partition hears a heartbeat, so that log time does not depend on its clusters.
 */
export function fleetLog(
  seed: number,
  clusters: number,
  minutes: number,
  startMs: number,
): Unplaced[] {
  const events: Unplaced[] = [];
  const fleet = createFleet({
    seed,
    startMs,
    clusters,
    seriesPerCluster: 450,
    replicas: [1, 2],
    rolloutsPerHour: 30,
    sendDeadlineMs: 60_000,
    script: Array.from({ length: clusters * 3 }, (_, i) => ({
      fault: ['crash_loop', 'node_lost', 'deployment_scaled', 'latency_step'][i % 4]!,
      afterMs: (1 + ((i * 7) % (minutes - 2))) * 60_000,
      cluster: i % clusters,
    })),
    onKubernetesEvent: ({ cluster, time, object }) => {
      const bytes = Buffer.from(JSON.stringify(object));
      const found = readKubernetesEvents(bytes, { receivedMs: time, bytesMax: 1 << 20 });
      const headers = { kind: 'kubernetes-event', tenant, cluster };
      for (const event of found.events) {
        events.push({ timestamp: time, headers, value: encodeKubernetesEvent(event) });
      }
    },
  });
  const makers = new Map(fleet.clusters.map((c) => [c, new RequestMaker(c, fleet.settings)]));
  const all: Unplaced[] = [];
  for (let at = startMs + 15_000; at <= startMs + minutes * 60_000; at += 15_000) {
    for (const [cluster, batch] of fleet.step(at, { flush: true })) {
      for (const { body } of makers.get(cluster)!.requests(batch)) {
        const owner = { tenant, cluster: cluster.model.name };
        const headers = { kind: 'samples', ...owner, encoding: 'snappy' };
        all.push({ timestamp: at, headers, value: body });
      }
    }
    const phase = ((at - startMs) / 15_000) % 40;
    for (const { model } of fleet.clusters) all.push(lastingAlert(model.name, at, phase));
    for (let end = at - 1; end < at + 14_999; end += 5_000) {
      all.push({ timestamp: end, headers: { kind: 'heartbeat' }, value: null });
    }
  }
  // A Kubernetes event comes when it happens; what has the same time keeps its order.
  return [...all, ...events].sort((a, b) => a.timestamp - b.timestamp);
}

/** Of an alert that fires for minutes, whatever the fleet does: some are open at any moment. */
function lastingAlert(cluster: string, time: number, phase: number): Unplaced {
  const series: SeriesInput[] = [0, 10, 20, 30].map((shift) => {
    const age = (phase + shift) % 40;
    return {
      labels: [
        ['__name__', 'ALERTS'],
        ['alertname', `Lasting${shift}`],
        ['alertstate', 'firing'],
      ],
      samples: age < 35 ? [{ time, value: age === 34 ? 'stale' : 1 }] : [],
    };
  });
  const headers = { kind: 'samples', tenant, cluster, encoding: 'snappy' };
  return { timestamp: time, headers, value: compress(encodeRequest(series)) };
}

/** The records of one of `partitions`, as its log holds them. */
export function placed(
  records: readonly Unplaced[],
  partition: number,
  partitions: number,
): LogRecord[] {
  const heartbeat = Buffer.from(JSON.stringify({ partitions, hashVersion }));
  const of = ({ headers }: Unplaced): boolean =>
    headers['cluster'] === undefined ||
    partitionOf(headers['tenant']!, headers['cluster'], partitions) === partition;
  return records.filter(of).map(({ timestamp, headers, value }, offset) => ({
    offset,
    timestamp,
    headers,
    value: headers['kind'] === 'heartbeat' ? heartbeat : value,
  }));
}
