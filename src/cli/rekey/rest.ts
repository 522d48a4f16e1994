import { setTimeout as sleep } from 'node:timers/promises';
import { dataLayout } from '../../config/layout.ts';
import type { Config } from '../../config/schema.ts';
import { SeastateError } from '../../core/errors.ts';
import { tickMs } from '../../core/time.ts';
import { describeBundle } from '../../engine/runner/describe.ts';
import {
  bundleUrl,
  EmbeddedRuntime,
  snapshotStore,
} from '../../engine/runtime/embedded/runtime.ts';
import type { Rebuilt } from '../../engine/runtime/rebuild.ts';
import type { Log } from '../../log/log.ts';
import { telemetryTopic } from '../../log/topics.ts';
import { partitionState } from '../partitions.ts';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const runnerEntry = new URL(`../../runner.${extension}`, import.meta.url);
/** How long a partition may take to run what is left of its log. */
const drainMs = 3_600_000;

/** Names of the bundles of users' processors that the newest snapshots were made with. */
export async function bundlesOf(snapshots: string, stage: string, partitions: number) {
  const found = new Set<string>();
  for (let partition = 0; partition < partitions; partition++) {
    const stored = await snapshotStore(snapshots, stage, partition).newest(() => {});
    if (stored && stored.bundle !== '') found.add(stored.bundle);
  }
  return [...found];
}

/** Topics that users' processors of those bundles write. */
export async function topicsOfBundles(snapshots: string, bundles: readonly string[]) {
  const described = await Promise.all(
    bundles.map((sha256) => describeBundle(bundleUrl(snapshots, sha256))),
  );
  return [...new Set(described.flat().flatMap(({ outputs }) => outputs))];
}

/**
 * Runs a stage of a stopped program up to the heads of its log, so that all its outputs are there
 * and a snapshot stands at each head; returns the states. Error: `rekey_refused`.
 */
export async function statesAtRest(config: Config, log: Log, stage: string): Promise<Rebuilt[]> {
  const { partitions } = log.topics.get(telemetryTopic)!;
  const each = Array.from({ length: partitions }, (_, partition) => partition);
  const heads = () =>
    Promise.all(each.map(async (p) => (await log.bounds(telemetryTopic, p)).next));
  const before = await heads();
  // A journal is locked by whoever writes it. On Kafka a gateway would be heard within a tick.
  if (config.process.log.type === 'kafka') await sleep(1.5 * tickMs);
  const unmoved = async (): Promise<void> => {
    if (String(await heads()) === String(before)) return;
    throw refused('records still come: stop every gateway and every source that writes the log');
  };
  await unmoved();
  await runToHeads(config, log, stage);
  await unmoved();
  const states: Rebuilt[] = [];
  for (const partition of each) {
    const rebuilt = await partitionState(config, log, { stage, partition });
    if (rebuilt.from !== before[partition]) {
      throw refused(`partition ${partition} has no snapshot at the head of its log`);
    }
    states.push(rebuilt);
  }
  return states;
}

async function runToHeads(config: Config, log: Log, stage: string): Promise<void> {
  const { process } = config;
  const halts: string[] = [];
  const runtime = new EmbeddedRuntime({
    log,
    stage,
    topic: telemetryTopic,
    folder: dataLayout(process.data).snapshots,
    entry: runnerEntry,
    threads: process.workers ?? 1,
    heapMiB: 4_096,
    snapshotEveryMs: process.snapshots.interval,
    deadlineMs: 60_000,
    warn: (message, details) => halts.push(`${message} ${JSON.stringify(details)}`),
  });
  runtime.start();
  await runtime.stop(drainMs);
  const bad = runtime.status().find(({ state }) => state !== 'stopped');
  if (bad) throw refused(bad.error || halts.join('; '));
}

export function refused(why: string): SeastateError {
  return new SeastateError('rekey_refused', `the state cannot be moved: ${why}`);
}
