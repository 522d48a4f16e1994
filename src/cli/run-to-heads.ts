import { type EmbeddedOptions, EmbeddedRuntime } from '../engine/runtime/embedded/runtime.ts';
import { telemetryTopic } from '../log/topics.ts';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const runnerEntry = new URL(`../runner.${extension}`, import.meta.url);
/** How long a partition may take to run what is left of its log. */
const drainMs = 3_600_000;

export type StageRun = Pick<
  EmbeddedOptions,
  'log' | 'stage' | 'folder' | 'threads' | 'buffersBytes' | 'snapshotEveryMs' | 'kept'
>;

/**
 * Runs a stage up to the heads of its log, in worker threads, with a snapshot at each; returns why
 * a partition did not get there, if one did not.
 */
export async function runToHeads(run: StageRun): Promise<string | undefined> {
  const warnings: string[] = [];
  const runtime = new EmbeddedRuntime({
    ...run,
    topic: telemetryTopic,
    entry: runnerEntry,
    heapMiB: 4_096,
    deadlineMs: 60_000,
    warn: (message, details) => warnings.push(`${message} ${JSON.stringify(details)}`),
  });
  runtime.start();
  await runtime.stop(drainMs);
  const bad = runtime.status().find(({ state }) => state !== 'stopped');
  return bad && (bad.error || warnings.join('; '));
}
