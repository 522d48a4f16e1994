import type { ProcessorDefinition } from '../../src/engine/processor.ts';
import { stages } from '../../src/processors/stages.ts';
import type { BenchCase } from '../bench-case.ts';
import { entriesOf } from '../decode/fleet.ts';
import { batchOf, begin, Side } from './side.ts';

const samplesPerRecord = 2_000;

/** The same series, one sample each, as records at `time`. */
function round(count: number, time: number): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let from = 0; from < count; from += samplesPerRecord) {
    const length = Math.min(samplesPerRecord, count - from);
    records.push(batchOf(entriesOf(from, from + length, time), time));
  }
  return records;
}

/** CPU of the cluster stage in one runner, per sample. */
async function clusterStage(
  count: number,
  rounds: number,
  processors: readonly ProcessorDefinition[],
  content: object = {},
): Promise<Record<string, number>> {
  const side = new Side(processors, content);
  let cpu = 0;
  let birthCpu = 0;
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  for (let r = 0; r <= rounds; r++) {
    const used = side.cpu(round(count, begin + r * 15_000)) / 1000;
    if (r === 0) birthCpu = used;
    else if (r > rounds / 5) cpu += used;
  }
  globalThis.gc?.();
  const bytes = process.memoryUsage.rss() - before;
  const saveStart = process.cpuUsage();
  const snapshot = side.snapshot();
  const save = process.cpuUsage(saveStart);
  return {
    // The first fifth warms up.
    'us/sample': cpu / (count * (rounds - Math.floor(rounds / 5))),
    'us/birth': birthCpu / count,
    'rss B/series': bytes / count,
    'snapshot B/series': snapshot / count,
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
