import type { ProcessorDefinition } from '../../src/engine/processor.ts';
import type { SeriesInput } from '../../src/formats/remote-write/encode.ts';
import { anomalies } from '../../src/processors/anomalies/definition.ts';
import { peers } from '../../src/processors/peers/peers.ts';
import { histogramMessage } from '../../src/sources/simulator/wire/native-histogram.ts';
import type { BenchCase } from '../bench-case.ts';
import { entriesOf } from '../decode/fleet.ts';
import { batchOf, begin, Side } from './side.ts';

/**
 * What a processor adds to the stage: two runners take the same records in turn, one with it and
 * one without; of each the cheapest of some windows counts, and what is told is the difference.
 */
const stepMs = 15_000;
const warmRounds = 60;
const windows = 6;

interface Compared {
  /** Rounds of one window. */
  readonly rounds: number;
  readonly sides: readonly [on: Side, off: Side];
  readonly series: (time: number, round: number) => SeriesInput[];
}

const perRecord = 2000;

/** CPU ns of one round, with and without. */
function compare({ rounds, sides, series }: Compared): readonly [on: number, off: number] {
  const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY] as [number, number];
  let window = [0, 0];
  for (let round = 0; round < warmRounds + windows * rounds; round++) {
    const time = begin + (round + 1) * stepMs;
    const all = series(time, round);
    const batches: Uint8Array[] = [];
    for (let from = 0; from < all.length; from += perRecord) {
      batches.push(batchOf(all.slice(from, from + perRecord), time));
    }
    // In turn, and not always the same one first.
    for (const k of round % 2 ? [0, 1] : [1, 0]) window[k]! += sides[k]!.cpu(batches) / rounds;
    const done = round + 1 - warmRounds;
    if (done > 0 && done % rounds > 0) continue;
    if (done > 0) for (const k of [0, 1]) best[k] = Math.min(best[k]!, window[k]!);
    window = [0, 0];
  }
  return best;
}

/** An anomalies processor that scores everything, and one that scores nothing. */
const scoring = (): [Side, Side] => {
  const processors = [anomalies as ProcessorDefinition];
  const none = { anomalies: { routes: [{ select: '{__name__="nothing"}' }] } };
  return [new Side(processors, {}), new Side(processors, none)];
};

/** Observations of histogram `h` at a round: some more in each of `buckets`. */
const grown = (h: number, round: number, bucket: number): number =>
  5 * round + ((h * 31 + round * 17 + bucket * 7) % 11);

function classicOf(histograms: number, buckets: number) {
  const sums = new Float64Array(histograms * buckets);
  return (time: number, round: number): SeriesInput[] => {
    const series: SeriesInput[] = [];
    for (let h = 0; h < histograms; h++) {
      let below = 0;
      for (let k = 0; k < buckets; k++) {
        const at = h * buckets + k;
        sums[at]! += grown(h, 1, k) + ((h + round) % 5);
        below += sums[at]!;
        const le = k === buckets - 1 ? '+Inf' : String(0.001 * 2 ** k);
        const labels = [
          ['__name__', 'request_duration_seconds_bucket'],
          ['handler', `/api/v1/things/${h}`],
          ['instance', '10.0.0.1:8443'],
          ['job', 'shop'],
          ['le', le],
          ['namespace', 'shop-production'],
        ] as const;
        series.push({ labels, samples: [{ time, value: below }] });
      }
    }
    return series;
  };
}

async function classic(histograms: number, buckets: number): Promise<Record<string, number>> {
  const sides = scoring();
  const [on, off] = compare({ rounds: 10, sides, series: classicOf(histograms, buckets) });
  return {
    'ns/bucket sample': (on - off) / (histograms * buckets),
    'ns/histogram': (on - off) / histograms,
    'ns/bucket sample without': off / (histograms * buckets),
    'snapshot B/histogram': (sides[0].snapshot() - sides[1].snapshot()) / histograms,
  };
}

function nativeOf(histograms: number, buckets: number) {
  const counts = Array.from({ length: histograms }, () => new Float64Array(buckets));
  return (time: number, round: number): SeriesInput[] =>
    counts.map((own, h) => {
      let count = 0;
      for (let k = 0; k < buckets; k++) {
        own[k]! += grown(h, 1, k) + ((h + round) % 5);
        count += own[k]!;
      }
      const metric = { schema: 3, customBounds: [] };
      const state = { count, sum: count, counts: own, firstIndex: -buckets / 2, metric };
      const labels = [
        ['__name__', 'request_duration_seconds'],
        ['handler', `/api/v1/things/${h}`],
        ['instance', '10.0.0.1:8443'],
        ['job', 'shop'],
        ['namespace', 'shop-production'],
      ] as const;
      return { labels, histograms: [histogramMessage(state, time)] };
    });
}

async function native(histograms: number, buckets: number): Promise<Record<string, number>> {
  const sides = scoring();
  const [on, off] = compare({ rounds: 10, sides, series: nativeOf(histograms, buckets) });
  return {
    'ns/histogram': (on - off) / histograms,
    'ns/bucket': (on - off) / (histograms * buckets),
    'ns/histogram without': off / histograms,
    'snapshot B/histogram': (sides[0].snapshot() - sides[1].snapshot()) / histograms,
  };
}

async function summedUp(count: number): Promise<Record<string, number>> {
  const processors = [peers as ProcessorDefinition];
  const select = ['{__name__!=""}'];
  const sides = [
    new Side(processors, { peers: { select, max_groups: 100_000 } }),
    new Side(processors, {}),
  ] as const;
  // Twenty rounds are five minutes: each window has one summary.
  const series = (time: number) => entriesOf(0, count, time);
  const [on, off] = compare({ rounds: 20, sides, series });
  return {
    'ns/sample': (on - off) / count,
    'ms/summary if all of it': (20 * (on - off)) / 1e6,
    'ns/sample without': off / count,
    'snapshot B/series': (sides[0].snapshot() - sides[1].snapshot()) / count,
  };
}

export const cases: BenchCase[] = [
  { name: 'histograms classic, 1k of 12 buckets', run: () => classic(1000, 12) },
  { name: 'histograms native, 1k of 20 buckets', run: () => native(1000, 20) },
  { name: 'histograms native, 1k of 160 buckets', run: () => native(1000, 160) },
  { name: 'peers 10k series', run: () => summedUp(10_000) },
];
