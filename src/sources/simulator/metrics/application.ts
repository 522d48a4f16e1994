import type { Pod } from '../model/entities.ts';
import { count, counter, each, gauge, histogram, nativeHistogram, onlyFull } from './kinds.ts';
import { exporter } from './metric.ts';

/** What the serving applications say of themselves: one target per pod. */

const codes = each('code', ['200', '404', '500']);
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const main = (pod: Pod) => pod.containers[0]!;

function codeRate({ rate, workload }: Pod, row: number): number {
  if (row === 2) return rate * workload.errorShare;
  return row === 1 ? rate * 0.01 : rate * (0.99 - workload.errorShare);
}

export const application = exporter('pod', {
  job: 'application',
  when: (pod) => pod.workload.serves && pod.phase === 'Running',
  startedMs: (pod) => main(pod).startedMs,
  metrics: [
    count('http_requests_total', codeRate, () => codes),
    histogram('http_request_duration_seconds', {
      bounds,
      observe: ({ rate, workload }) => ({ rate, median: workload.latency, spread: 0.6 }),
      exemplars: true,
    }),
    gauge('http_requests_in_flight', ({ rate, workload }) => Math.round(rate * workload.latency)),
    counter('process_cpu_seconds_total', (pod) => main(pod).cpu),
    gauge('process_resident_memory_bytes', (pod) => Math.round(main(pod).memory * 0.86)),
    gauge('process_start_time_seconds', (pod) => Math.floor(main(pod).startedMs / 1000)),
    ...onlyFull([
      gauge<Pod>(
        'process_open_fds',
        ({ rate, workload }) => 24 + Math.round(rate * workload.latency * 2),
      ),
      gauge<Pod>(
        'go_goroutines',
        ({ rate, workload }) => 40 + Math.round(rate * workload.latency * 3),
      ),
      gauge<Pod>('go_memstats_heap_inuse_bytes', (pod) => Math.round(main(pod).memory * 0.6)),
      count<Pod>('go_gc_cycles_total_gc_cycles_total', (pod) => 0.05 + pod.rate / 400),
      gauge<Pod>(
        'db_pool_connections',
        ({ rate }, row) =>
          row === 0 ? Math.min(20, Math.ceil(rate / 8)) : 20 - Math.min(20, Math.ceil(rate / 8)),
        () => each('state', ['busy', 'idle']),
      ),
      nativeHistogram<Pod>(
        'rpc_client_duration_seconds',
        ({ rate, workload }) => ({
          rate: rate * 1.5,
          median: workload.latency * 0.4,
          spread: 0.8,
        }),
        { schema: 2 },
      ),
      nativeHistogram<Pod>(
        'http_response_size_bytes',
        ({ rate }) => ({ rate, median: 4_000, spread: 1.2 }),
        {
          customBounds: [256, 1_024, 4_096, 16_384, 65_536, 262_144],
        },
      ),
    ]),
  ],
});
