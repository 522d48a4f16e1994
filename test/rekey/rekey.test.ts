import { describe, expect, test } from 'vitest';
import { errorRatio } from '../../examples/error-ratio/error-ratio.ts';
import { ByteReader, ByteWriter, text } from '../../src/core/bytes.ts';
import { PartitionState } from '../../src/engine/partition-state.ts';
import { defineProcessor } from '../../src/engine/processor.ts';
import { rekeyedState } from '../../src/engine/rekey.ts';
import type { StageDefinition, StageOutput } from '../../src/engine/stage.ts';
import { sameKey } from '../../src/engine/tables.ts';
import { fleetLog, placed, settingsRecord, type Unplaced } from './records.ts';
import { clusterStage, run, setup } from './states.ts';

const seed = Number(process.env['SEASTATE_SEED'] ?? Date.now() % 1_000_000);
process.stdout.write(`rekey test: SEASTATE_SEED=${seed}\n`);

const stage: StageDefinition = {
  name: 'cluster',
  processors: [...clusterStage.processors, errorRatio],
};
const fresh = (partitions: number): PartitionState[] =>
  Array.from({ length: partitions }, (_, p) => new PartitionState(stage, setup(p, partitions, 0)));

/** As `rekey` does it: the states are saved, divided, saved and loaded. */
function rekey(states: readonly PartitionState[], partitions: number, epoch: number) {
  const sources = states.map((state, partition) => ({ partition, state }));
  return Array.from({ length: partitions }, (_, p) => {
    const out = new ByteWriter();
    rekeyedState(sources, stage, setup(p, partitions, epoch)).save(out);
    const loaded = new PartitionState(stage, setup(p, partitions, epoch));
    loaded.load(new ByteReader(out.view()));
    return loaded;
  });
}

/** What was told of each cluster: subject, revision and data, in an order of their own. */
function told(outputs: readonly StageOutput[][]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { topic, headers, value } of outputs.flat()) {
    if (value === null || headers['cluster'] === undefined) continue;
    const { id, subject, data } = JSON.parse(text(value));
    const key = `${headers['cluster']} ${topic}`;
    found.set(key, [...(found.get(key) ?? []), JSON.stringify([subject, id, data])]);
  }
  for (const list of found.values()) list.sort();
  return found;
}

/** Sum of what the last `status` of each partition says. */
function counters(outputs: readonly StageOutput[][]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const list of outputs) {
    const last = list.findLast(({ topic }) => topic === 'status')!;
    const { data } = JSON.parse(text(last.value!));
    for (const { counters } of [data, ...data.clusters]) {
      for (const [name, value] of Object.entries<number>(counters)) {
        sums[name] = (sums[name] ?? 0) + value;
      }
    }
  }
  return sums;
}

const minutes = 24;
const startMs = Date.UTC(2026, 10, 1);
const split = startMs + 13 * 60_000;
const settings = settingsRecord(1, {});
const log: Unplaced[] = [
  { timestamp: startMs, ...settings },
  ...fleetLog(seed, 6, minutes, startMs),
];
const before = log.filter(({ timestamp }) => timestamp < split);
const after = log.filter(({ timestamp }) => timestamp >= split);

describe('clusters in other partitions', () => {
  test.each([
    [1, 3],
    [4, 2],
    [3, 5],
  ])('from %i to %i: every cluster is told the same from there on', (from, to) => {
    const kept = fresh(from);
    run(kept, before);
    const moved = rekey(kept, to, 1);
    const wanted = run(kept, after);
    const found = run(moved, after);
    expect(told(found)).toEqual(told(wanted));
    for (const topic of ['alerts', 'anomalies', 'events', 'x-error-ratio']) {
      expect(found.flat().filter((output) => output.topic === topic).length).toBeGreaterThan(0);
    }
    // Alerts that fired before end after, once.
    const ended = (list: StageOutput[][]) =>
      list.flat().filter(({ topic, value }) => {
        if (topic !== 'alerts' || value === null) return false;
        const { data } = JSON.parse(text(value));
        return data.end !== null && Date.parse(data.start) < split;
      });
    expect(ended(found).length).toBeGreaterThan(0);
    expect(counters(found)).toEqual(counters(wanted));
    for (const [partition, outputs] of found.entries()) {
      expect(outputs[0]!.headers).toMatchObject({ from: `cluster/${partition}/1`, number: '0' });
    }
  });
});

test('a row of a key that is of no cluster is refused where two would come together', () => {
  const counts = defineProcessor({
    name: 'counts',
    version: 1,
    outputs: [],
    create(context) {
      const seen = context.table<{ cluster: number }>('seen', sameKey);
      return { samples: ({ cluster }) => void seen.set('all', { cluster }) };
    },
  });
  const one: StageDefinition = { name: 'cluster', processors: [counts] };
  const sources = [0, 1].map((partition) => {
    const state = new PartitionState(one, setup(partition, 2, 0));
    for (const record of placed(before.slice(0, 200), partition, 2)) state.apply(record, []);
    return { partition, state };
  });
  expect(() => rekeyedState(sources, one, setup(0, 1, 1))).toThrow(
    /table "seen" of processor counts: two partitions have a row "all"/,
  );
});
