import type { Log } from '../../../log/log.ts';
import { type EmbeddedOptions, EmbeddedRuntime } from './runtime.ts';

/** A runtime of the cluster stage; what it warns of goes into `warnings`, with its details. */
export function runtimeOf(
  log: Log,
  folder: string,
  warnings: string[],
  options: Partial<EmbeddedOptions> = {},
): EmbeddedRuntime {
  return new EmbeddedRuntime({
    log,
    stage: 'cluster',
    topic: 'telemetry',
    folder,
    entry: new URL('../../../runner.ts', import.meta.url),
    threads: 2,
    heapMiB: 256,
    snapshotEveryMs: 300_000,
    kept: { hourly: 0, daily: 0 },
    deadlineMs: 60_000,
    warn: (message, details) => warnings.push(`${message} ${JSON.stringify(details)}`),
    ...options,
  });
}
