import { setTimeout as sleep } from 'node:timers/promises';
import { snapshotsOf } from '../../config/layout.ts';
import type { Config } from '../../config/schema.ts';
import { SeastateError } from '../../core/errors.ts';
import { tickMs } from '../../core/time.ts';
import type { Rebuilt } from '../../engine/runtime/rebuild.ts';
import type { Log } from '../../log/log.ts';
import { telemetryTopic } from '../../log/topics.ts';
import { partitionState } from '../partitions.ts';
import { runToHeads } from '../run-to-heads.ts';

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
  const why = await runToHeads({
    log,
    stage,
    folder: snapshotsOf(config.process),
    threads: config.process.workers ?? 1,
    snapshotEveryMs: config.process.snapshots.interval,
    kept: config.process.snapshots,
  });
  if (why !== undefined) throw refused(why);
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

export function refused(why: string): SeastateError {
  return new SeastateError('rekey_refused', `the state cannot be moved: ${why}`);
}
