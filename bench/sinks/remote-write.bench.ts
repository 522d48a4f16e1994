import { fork } from 'node:child_process';
import { once } from 'node:events';
import { SeriesWriter } from '../../src/formats/remote-write/series-writer.ts';
import { compress } from '../../src/formats/snappy/snappy.ts';
import { scoreLabels, scoreNames } from '../../src/processors/anomalies/scores.ts';
import { RemoteWriteClient } from '../../src/sinks/remote-write/client.ts';
import { type OwnedRecord, sendAll } from '../../src/sinks/remote-write/shards.ts';
import type { BenchCase } from '../bench-case.ts';
import { labelsOf } from '../decode/fleet.ts';

const owner = { tenant: 'default', cluster: 'c' };

/**
 * Rounds of records as the stage writes them: four series for each of `perRecord` that were scored.
 */
function scores(series: number, perRecord: number, rounds: number): OwnedRecord[] {
  const writer = new SeriesWriter();
  const first = Array.from({ length: series }, (_, i) =>
    scoreNames.map((name) => writer.define(scoreLabels(name, labelsOf(i), owner))),
  );
  const records: OwnedRecord[] = [];
  for (let round = 0; round < rounds; round++) {
    for (let from = 0; from < series; from += perRecord) {
      for (const names of first.slice(from, from + perRecord)) {
        for (const [k, id] of names.entries()) {
          writer.add(id, 1_700_000_000_000 + round * 15_000, (round * 31 + from + k) / 7);
        }
      }
      const value = compress(writer.finish());
      records.push({ owner: `c${from}`, encoding: 'snappy', value });
    }
  }
  return records;
}

/** From records in memory to answers of a receiver on this machine; CPU of the sender alone. */
async function send(protocol: '1.0' | '2.0', perRecord: number): Promise<Record<string, number>> {
  const receiver = fork(new URL('./receiver.ts', import.meta.url));
  const [port] = (await once(receiver, 'message')) as [number];
  const client = new RemoteWriteClient({
    url: new URL(`http://127.0.0.1:${port}/api/v1/write`),
    protocol,
    userAgent: 'seastate-bench/1',
    headers: () => ({}),
    connections: 4,
    timeoutMs: 30_000,
    backoffMinMs: 100,
    backoffMaxMs: 1_000,
    giveUpMs: 0,
    failsFast: true,
    now: Date.now,
    random: Math.random,
    tell: () => {},
  });
  const never = new AbortController().signal;
  const records = scores(5_000, perRecord, 20);
  const pass = () =>
    sendAll(records, { shards: 4, requestBytes: 32 * 1024 }, (some) => client.send(some, never));
  await pass();
  const before = { ...client.stats };
  const [cpu, began] = [process.cpuUsage(), performance.now()];
  for (let i = 0; i < 3; i++) await pass();
  const used = process.cpuUsage(cpu);
  const samples = client.stats.samples - before.samples;
  const requests = client.stats.requests - before.requests;
  const seconds = (performance.now() - began) / 1000;
  client.close();
  receiver.kill();
  return {
    'cpuSeconds/million': (used.user + used.system) / samples,
    'samples/s': samples / seconds,
    'samples/request': samples / requests,
    'bytes/sample': (client.stats.bytes - before.bytes) / samples,
  };
}

export const cases: BenchCase[] = [
  { name: 'sink remote write 2.0, records of 2000', run: () => send('2.0', 500) },
  { name: 'sink remote write 2.0, records of 80', run: () => send('2.0', 20) },
  { name: 'sink remote write 1.0, records of 2000', run: () => send('1.0', 500) },
];
