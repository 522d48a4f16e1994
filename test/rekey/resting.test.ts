import { expect, test } from 'vitest';
import { PartitionState } from '../../src/engine/partition-state.ts';
import { rekeyedState } from '../../src/engine/rekey.ts';
import { encodeRequest } from '../../src/formats/remote-write/encode.ts';
import { encodeBody } from '../../src/formats/snappy/body-encoding.ts';
import type { Unplaced } from './records.ts';
import { anomaliesOf, clusterStage, setup } from './states.ts';

const minute = 60_000;
const hour = 60 * minute;

/** A scrape of a node and of pods in each of four clusters. */
const scrape = (time: number, pods: readonly string[], value: number): Unplaced[] =>
  ['a', 'b', 'c', 'd'].map((cluster) => {
    const all = [{ instance: 'n1' }, ...pods.map((pod) => ({ pod }))];
    const series = all.map((labels, k) => ({
      labels: Object.entries({ __name__: 'queue_length', ...labels }) as [string, string][],
      samples: [{ time, value: k === 0 ? 100 : value }],
    }));
    const headers = { kind: 'samples', tenant: 'default', cluster, encoding: 'snappy' };
    return { timestamp: time, headers, value: encodeBody('snappy', encodeRequest(series)) };
  });

const scrapes = (from: number, count: number, pods: readonly string[], value?: number) =>
  Array.from({ length: count }, (_, i) =>
    scrape(from + i * minute, pods, value ?? 100 + ((i * 7) % 11)),
  ).flat();

test('what rests, and what ended a moment ago, goes with its cluster', () => {
  const start = Date.UTC(2026, 0, 1);
  const kept = [new PartitionState(clusterStage, setup(0, 1, 0))];
  anomaliesOf(kept, scrapes(start, 60, ['backup-29318400-x2x4z']));
  anomaliesOf(kept, scrapes(start + hour, 10, []));
  anomaliesOf(kept, scrapes(start + 4 * hour, 60, ['report-29318400-x2x4z']));
  anomaliesOf(kept, scrapes(start + 5 * hour, 10, []));
  const sources = [{ partition: 0, state: kept[0]! }];
  const moved = [0, 1, 2].map((p) => rekeyedState(sources, clusterStage, setup(p, 3, 1)));
  const heirs = ['backup-29319840-b8k9q', 'report-29319840-b8k9q'];
  const from = start + 5 * hour + 10 * minute;
  const after = [...scrapes(from, 8, heirs), ...scrapes(from + 8 * minute, 2, heirs, 900)];
  const wanted = anomaliesOf(kept, after);
  for (const pod of heirs) {
    expect(wanted.filter((each) => each.includes(pod)).length, pod).toBe(4);
  }
  expect(anomaliesOf(moved, after)).toEqual(wanted);
});
