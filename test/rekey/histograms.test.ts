import { expect, test } from 'vitest';
import { PartitionState } from '../../src/engine/partition-state.ts';
import { rekeyedState } from '../../src/engine/rekey.ts';
import { encodeRequest, type SeriesInput } from '../../src/formats/remote-write/encode.ts';
import { encodeBody } from '../../src/formats/snappy/body-encoding.ts';
import { histogram } from '../gateway/histogram.ts';
import type { Unplaced } from './records.ts';
import { anomaliesOf, clusterStage, setup } from './states.ts';

const bounds = ['0.01', '0.1', '1', '+Inf'];

/** Of how many observations a native histogram knows, by cluster and bucket. */
const known = new Map<string, [number, number]>();

function native(cluster: string, i: number, slow: boolean): SeriesInput {
  const counts = known.get(cluster) ?? [0, 0];
  counts[slow ? 1 : 0] += 90;
  counts[0] += 5 + (i % 5);
  known.set(cluster, counts);
  const message = histogram({
    time: Date.UTC(2026, 0, 1) + i * 60_000,
    count: counts[0] + counts[1],
    schema: 0,
    positiveSpans: [
      [-6, 1],
      [5, 1],
    ],
    positiveDeltas: [counts[0], counts[1] - counts[0]],
  });
  return { labels: [['__name__', 'reply_duration_seconds']], histograms: [message] };
}

/** A minute of a latency histogram in four clusters; `slow` moves it up a bucket. */
function minute(i: number, slow: boolean): Unplaced[] {
  const time = Date.UTC(2026, 0, 1) + i * 60_000;
  return ['a', 'b', 'c', 'd'].map((cluster, c) => {
    const series = bounds.map((le, k): SeriesInput => {
      const late = slow ? 90 : 0;
      const share = [20 + ((i * 7 + c) % 5), 90 - late, 100 - late / 3, 100][k]!;
      return {
        labels: Object.entries({ __name__: 'request_duration_seconds_bucket', le }),
        samples: [{ time, value: 100 * i + Math.min(share, 100) + (k < 3 ? -k : 0) }],
      };
    });
    const value = encodeBody('snappy', encodeRequest([...series, native(cluster, i, slow)]));
    const headers = { kind: 'samples', tenant: 'default', cluster, encoding: 'snappy' };
    return { timestamp: time, headers, value };
  });
}

test('what is known of histograms goes with their clusters', () => {
  const kept = [new PartitionState(clusterStage, setup(0, 1, 0))];
  anomaliesOf(kept, Array.from({ length: 300 }, (_, i) => minute(i + 1, false)).flat());
  const sources = [{ partition: 0, state: kept[0]! }];
  const moved = [0, 1, 2].map((p) => rekeyedState(sources, clusterStage, setup(p, 3, 1)));
  const after = Array.from({ length: 30 }, (_, i) => minute(i + 301, i > 10 && i < 16)).flat();
  const wanted = anomaliesOf(kept, after);
  for (const metric of ['request_duration_seconds', 'reply_duration_seconds']) {
    expect(wanted.filter((each) => each.includes(`"${metric}"`)).length, metric).toBeGreaterThan(0);
  }
  expect(anomaliesOf(moved, after)).toEqual(wanted);
});
