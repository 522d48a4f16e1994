import type { Log } from '../../log/log.ts';
import { telemetryTopic } from '../../log/topics.ts';
import { type OwnedRecord, ownedRecord } from '../../sinks/remote-write/shards.ts';
import { recordsNow } from '../tail/records.ts';
import type { ReplayFlags } from './receiver.ts';

const hourMs = 3_600_000;

/** A record of samples, and its log time (ms). */
export interface Found {
  readonly record: OwnedRecord;
  readonly timestamp: number;
}

/** The samples of a range of `telemetry`, in the order of log time. */
export async function* samplesOf(
  log: Log,
  { from, to, cluster }: ReplayFlags,
  now: number,
): AsyncGenerator<Found> {
  const begin = typeof from === 'number' ? from : now - 2 * hourMs;
  for await (const { records } of recordsNow(log, {
    topic: telemetryTopic,
    from: begin,
    to: to ?? now,
  })) {
    for (const { headers, value, timestamp } of records) {
      const isWanted = cluster === undefined || cluster === headers['cluster'];
      if (headers['kind'] !== 'samples' || !isWanted || !value) continue;
      yield { record: ownedRecord(headers, value), timestamp };
    }
  }
}
