import { describe, expect, test } from 'vitest';
import { compress } from '../../../formats/snappy/snappy.ts';
import { createFleet, type SimulatedCluster } from '../fleet.ts';
import type { Batch } from '../scrape/batch.ts';
import { storm } from '../storm.test-kit.ts';
import { EncoderV1 } from './encoder-v1.ts';
import { EncoderV2 } from './encoder-v2.ts';
import { metadataBodies } from './metadata-v1.ts';
import { decodeRequest, type OracleSeries } from './oracle.test-kit.ts';

const { startMs } = storm;
const calm = { ...storm, script: 'none', replicas: 1, intervalMs: 15_000 } as const;
const fleetOf = () => createFleet({ ...calm, seriesPerCluster: 700 });
const encoderOf = ({ table }: SimulatedCluster, protocol: 1 | 2, templatesMax = 50) =>
  new (protocol === 1 ? EncoderV1 : EncoderV2)({
    table,
    replica: 'prometheus-k8s-0',
    metadata: true,
    templatesMax,
  });

/** What a batch holds, in the oracle's words: samples first, then what is not prepared. */
function wanted({ table }: SimulatedCluster, batch: Batch) {
  const labels = (slot: number) => Object.fromEntries(table.labels(slot, 'prometheus-k8s-0'));
  const samples = Array.from({ length: batch.count }, (_, i) => ({
    labels: labels(batch.slots[i]!),
    time: BigInt(batch.times[i]!),
    value: (BigInt(batch.words[2 * i + 1]!) << 32n) | BigInt(batch.words[2 * i]!),
  }));
  const extras = batch.extras.map((extra) => ({ ...extra, labels: labels(extra.slot) }));
  return { samples, extras };
}

function found(series: readonly OracleSeries[]) {
  return series.map(({ labels, samples }) => ({
    labels,
    time: samples[0]?.timestamp,
    value: samples[0]?.value,
  }));
}

describe.each([1, 2] as const)('protocol %s', (protocol) => {
  test('a body holds exactly what the batch holds, bits of values included', () => {
    const fleet = fleetOf();
    const encoders = new Map(fleet.clusters.map((one) => [one, encoderOf(one, protocol)]));
    let stale = 0;
    let exemplars = 0;
    for (const [cluster, batch] of fleet.step(startMs + 240_000)) {
      const { bytes, ...counts } = encoders.get(cluster)!.encode(batch);
      const { series } = decodeRequest(protocol, compress(bytes));
      const { samples, extras } = wanted(cluster, batch);
      expect(found(series.slice(0, batch.count))).toEqual(samples);
      stale += samples.filter(({ value }) => value === 0x7ff0000000000002n).length;
      const carried = extras.filter(
        ({ kind, slot }) => protocol === 2 || kind === 'exemplar' || !isCustom(cluster, slot),
      );
      const rest = series.slice(batch.count);
      expect(rest.map(({ labels }) => labels)).toEqual(carried.map(({ labels }) => labels));
      exemplars += rest.filter((one) => one.exemplars.length === 1).length;
      expect(counts).toEqual({
        samples: batch.count,
        histograms: rest.filter(({ histograms }) => histograms.length === 1).length,
        exemplars: rest.filter((one) => one.exemplars.length === 1).length,
      });
    }
    expect(stale).toBeGreaterThan(0);
    expect(exemplars).toBeGreaterThan(0);
  });

  test('a prepared body is the same as one that is made anew', () => {
    const fleet = fleetOf();
    const [cluster] = fleet.clusters;
    const prepared = encoderOf(cluster!, protocol);
    const anew = encoderOf(cluster!, protocol);
    let bodies = 0;
    for (const batch of cluster!.step(startMs + 300_000)) {
      const bytes = prepared.encode(batch).bytes.slice();
      batch.isBacklog = true;
      expect(Buffer.compare(bytes, anew.encode(batch).bytes)).toBe(0);
      bodies++;
    }
    expect(bodies).toBeGreaterThan(30);
  });
});

function isCustom({ table }: SimulatedCluster, slot: number): boolean {
  return table.families.all[table.family[slot]!]!.isCustom;
}

test('protocol 2 says type and help of every series that has them', () => {
  const fleet = fleetOf();
  const [cluster] = fleet.clusters;
  const encoder = encoderOf(cluster!, 2);
  const types = new Map<string, number>();
  for (const batch of cluster!.step(startMs + 60_000)) {
    for (const { labels, type, help } of decodeRequest(2, compress(encoder.encode(batch).bytes))
      .series) {
      types.set(labels['__name__']!, type);
      if (labels['__name__'] === 'node_load1') expect(help).toBe('node load1');
    }
  }
  expect(types.get('node_cpu_seconds_total')).toBe(1);
  expect(types.get('node_load1')).toBe(2);
  expect(types.get('http_request_duration_seconds_bucket')).toBe(3);
  expect([types.get('ALERTS'), types.get('up')]).toEqual([0, 0]);
});

test('protocol 1 says it in requests of their own', () => {
  const [cluster] = fleetOf().clusters;
  const [body] = metadataBodies(cluster!.table.families.all);
  const { series, metadata } = decodeRequest(1, compress(body!));
  expect(series).toEqual([]);
  expect(metadata.find(({ family }) => family === 'node_load1')).toMatchObject({
    type: 2,
    help: 'node load1',
  });
});
