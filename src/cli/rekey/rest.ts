import { setTimeout as sleep } from 'node:timers/promises';
import { snapshotsOf } from '../../config/layout.ts';
import type { Config } from '../../config/schema.ts';
import { SeastateError } from '../../core/errors.ts';
import { tickMs } from '../../core/time.ts';
import { startOf } from '../../engine/position.ts';
import { snapshotStore } from '../../engine/runtime/embedded/runtime.ts';
import type { StoredSnapshot } from '../../engine/runtime/embedded/snapshots.ts';
import type { Log } from '../../log/log.ts';
import { telemetryTopic } from '../../log/topics.ts';
import { runToHeads } from '../run-to-heads.ts';

export type RestingSnapshot = Pick<StoredSnapshot, 'position' | 'bundle' | 'chunks'>;

/**
 * Runs a stage of a stopped program up to the heads of its log, so that all its outputs are there
 * and a snapshot stands at each head; returns those, by partition. Error: `rekey_refused`.
 */
export async function statesAtRest(
  config: Config,
  log: Log,
  stage: string,
): Promise<RestingSnapshot[]> {
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
  const why = await runToHeads({
    log,
    stage,
    folder: snapshotsOf(config.process),
    threads: config.process.workers ?? 1,
    buffersBytes: config.process.worker_buffers_size,
    snapshotEveryMs: config.process.snapshots.interval,
    kept: config.process.snapshots,
  });
  if (why !== undefined) throw refused(why);
  await unmoved();
  const nothing: RestingSnapshot = { position: startOf(0, 0), bundle: '', chunks: [] };
  const snapshots: RestingSnapshot[] = [];
  for (const partition of each) {
    const store = snapshotStore(snapshotsOf(config.process), stage, partition);
    const newest = (await store.newest(() => {})) ?? nothing;
    if (newest.position.next !== before[partition]) {
      throw refused(`partition ${partition} has no snapshot at the head of its log`);
    }
    snapshots.push(newest);
  }
  return snapshots;
}

export function refused(why: string): SeastateError {
  return new SeastateError('rekey_refused', `the state cannot be moved: ${why}`);
}
