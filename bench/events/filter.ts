import { scanLines } from '../../src/formats/kubernetes-events/precheck.ts';
import { readKubernetesEvents } from '../../src/formats/kubernetes-events/read.ts';
import { cpuNsPerUnit } from '../cpu.ts';

const logs = 20_000;

/** Records of which one in a thousand is an event. */
export const logLines = (): string[] =>
  Array.from({ length: logs }, (_, i) => (i % 1000 === 500 ? event : platformLog(i)));

/** A platform log as a log forwarder writes it, about 1 kB. */
function platformLog(index: number): string {
  return JSON.stringify({
    '@timestamp': '2026-11-22T13:00:00.000Z',
    hostname: `worker-${index % 9}`,
    kubernetes: {
      container_name: 'controller',
      labels: { app: 'network-operator', 'pod-template-hash': '5d964459dd' },
      namespace_name: 'openshift-network-operator',
      pod_name: `network-operator-5d964459dd-${index % 97}`,
    },
    level: 'info',
    log_type: 'infrastructure',
    message: `I1122 13:00:00.${index} controller.go:${index % 900}] reconciling `.repeat(8),
    openshift: { cluster_id: '5bb4cf8c-0a2b-4d6e-9a3c-3b1f9f0d1234', sequence: index },
  });
}

const event = JSON.stringify({
  message: JSON.stringify({
    verb: 'ADDED',
    event: {
      metadata: { name: 'worker-1.18ea61c910a7d81b', namespace: 'default' },
      involvedObject: { kind: 'Node', name: 'worker-1' },
      reason: 'NodeReady',
      source: { component: 'kubelet', host: 'worker-1' },
      firstTimestamp: '2026-11-22T13:41:57Z',
    },
  }),
});

/** MB/s of CPU time on one core, and how many of the events were found (per mille: all). */
export function filterSpeed(): Record<string, number> {
  const lines = logLines();
  const records = lines.map((text) => new Uint8Array(Buffer.from(text)));
  const chunk = new Uint8Array(Buffer.from(lines.join('\n')));
  let found = 0;
  const perRecord = cpuNsPerUnit(chunk.length, () => {
    found = 0;
    for (const record of records) found += readKubernetesEvents(record).events.length;
  });
  let inChunk = 0;
  const perChunk = cpuNsPerUnit(chunk.length, () => {
    inChunk = 0;
    scanLines(chunk, (start, end) => {
      inChunk += readKubernetesEvents(chunk.subarray(start, end)).events.length;
    });
  });
  return {
    mbPerSecondByRecord: 1000 / perRecord,
    mbPerSecondByChunk: 1000 / perChunk,
    eventsMissed: (2 * logs) / 1000 - found - inChunk,
  };
}
