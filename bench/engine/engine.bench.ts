import { utf8 } from '../../src/core/bytes.ts';
import { startOf } from '../../src/engine/position.ts';
import type { ProcessorDefinition } from '../../src/engine/processor.ts';
import { type Done, encodeRecords } from '../../src/engine/runner/messages.ts';
import { Runner } from '../../src/engine/runner/runner.ts';
import { encodeRequest } from '../../src/formats/remote-write/encode.ts';
import { encodeBody } from '../../src/formats/snappy/body-encoding.ts';
import { stages } from '../../src/processors/stages.ts';
import type { BenchCase } from '../bench-case.ts';
import { entriesOf } from '../decode/fleet.ts';

const samplesPerRecord = 2_000;

/** The same series, one sample each, as records at `time`. */
function round(count: number, time: number): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let from = 0; from < count; from += samplesPerRecord) {
    const length = Math.min(samplesPerRecord, count - from);
    const value = encodeBody('snappy', encodeRequest(entriesOf(from, from + length, time)));
    records.push(
      encodeRecords([
        {
          offset: 0,
          timestamp: time,
          headers: { kind: 'samples', tenant: 'default', cluster: 'c1', encoding: 'snappy' },
          value,
        },
      ]),
    );
  }
  return records;
}

function settingsRecord(time: number, content: object): Uint8Array {
  const value = utf8(JSON.stringify({ version: 1, sha256: '', content }));
  return encodeRecords([{ offset: 0, timestamp: time, headers: { kind: 'settings' }, value }]);
}

/** CPU of the cluster stage in one runner: decompress, decode, slots, senders, alerts, digest. */
async function clusterStage(
  count: number,
  rounds: number,
  processors: readonly ProcessorDefinition[],
  content: object = {},
): Promise<Record<string, number>> {
  const runner = new Runner(
    { name: 'cluster', processors },
    { stage: 'cluster', partitions: 1, targets: {} },
  );
  let position = startOf(0, 0);
  runner.handle({ type: 'load', partition: 0, position, chunks: [], tail: [] });
  const t0 = 1_700_000_000_000;
  position = (
    runner.handle({
      type: 'batch',
      partition: 0,
      position,
      wantSnapshot: false,
      records: settingsRecord(t0, content),
    }) as Done
  ).position;
  let cpu = 0;
  let birthCpu = 0;
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  for (let r = 0; r <= rounds; r++) {
    const records = round(count, t0 + r * 15_000);
    const start = process.cpuUsage();
    for (const batch of records) {
      const reply = runner.handle({
        type: 'batch',
        partition: 0,
        position,
        wantSnapshot: false,
        records: batch,
      }) as Done;
      position = reply.position;
    }
    const used = process.cpuUsage(start);
    if (r === 0) birthCpu = used.user + used.system;
    else if (r > rounds / 5) cpu += used.user + used.system;
  }
  globalThis.gc?.();
  const bytes = process.memoryUsage.rss() - before;
  const saveStart = process.cpuUsage();
  const snapshot = runner.handle({
    type: 'batch',
    partition: 0,
    position,
    wantSnapshot: true,
    records: encodeRecords([]),
  }) as Done;
  const save = process.cpuUsage(saveStart);
  return {
    // The first fifth warms up.
    'us/sample': cpu / (count * (rounds - Math.floor(rounds / 5))),
    'us/birth': birthCpu / count,
    'rss B/series': bytes / count,
    'snapshot B/series': snapshot.chunks.reduce((sum, c) => sum + c.length, 0) / count,
    'snapshot ms': (save.user + save.system) / 1000,
  };
}

const all = stages['cluster']!;
const alerts = all.slice(0, 1);
/** Four samples of scores for each sample. */
const allScores = { anomalies: { scores: ['{}'] } };

export const cases: BenchCase[] = [
  { name: 'engine 10k series, no processor', run: () => clusterStage(10_000, 100, []) },
  { name: 'engine 100k series, no processor', run: () => clusterStage(100_000, 10, []) },
  { name: 'engine 1M series, no processor', run: () => clusterStage(1_000_000, 3, []) },
  { name: 'engine 10k series, alerts', run: () => clusterStage(10_000, 100, alerts) },
  { name: 'engine 1M series, alerts', run: () => clusterStage(1_000_000, 3, alerts) },
  { name: 'engine 10k series, everything', run: () => clusterStage(10_000, 100, all) },
  {
    name: 'engine 10k series, everything, all scores',
    run: () => clusterStage(10_000, 100, all, allScores),
  },
  { name: 'engine 100k series, everything', run: () => clusterStage(100_000, 10, all) },
];
