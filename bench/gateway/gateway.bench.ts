import { encodeRequest, encodeRequestV1 } from '../../src/formats/remote-write/encode.ts';
import { compress } from '../../src/formats/snappy/snappy.ts';
import type { GatewayOptions } from '../../src/gateway/options.ts';
import type { BenchCase } from '../bench-case.ts';
import { entriesOf } from '../decode/fleet.ts';
import { Load } from './load.ts';

const samplesPerRequest = 2_000;
const connections = 8;

/** One request per 2,000 series, each of one sample and of one cluster. */
function bodiesOf(protocol: 1 | 2, series: number): Uint8Array[] {
  const bodies: Uint8Array[] = [];
  for (let from = 0; from < series; from += samplesPerRequest) {
    const entries = entriesOf(from, from + samplesPerRequest, 1_700_000_000_000);
    bodies.push(compress(protocol === 1 ? encodeRequestV1(entries) : encodeRequest(entries)));
  }
  return bodies;
}

/**
 * HTTP to durable answer: CPU of the server's process, after every series was seen twice. At a rate
 * the server is warmed up at that rate, with as many requests as are measured: compiling costs a
 * process that has little else to do 0.2 CPU s per million samples in its first seconds.
 */
export async function toDurable(
  protocol: 1 | 2,
  series: number,
  options: Partial<GatewayOptions> = {},
  samplesPerSecond?: number,
): Promise<Record<string, number>> {
  const bodies = bodiesOf(protocol, series);
  const load = await Load.start(options, connections);
  try {
    const perSecond = samplesPerSecond ? samplesPerSecond / samplesPerRequest : undefined;
    const rounds = Math.max(1_000, bodies.length);
    const warmUp = perSecond ? rounds : 2 * Math.max(bodies.length, 100);
    await load.send(protocol, bodies, warmUp, connections, perSecond);
    const before = await load.figures();
    const start = performance.now();
    const times = await load.send(protocol, bodies, rounds, connections, perSecond);
    const seconds = (performance.now() - start) / 1000;
    const after = await load.figures();
    const millions = (after.samples - before.samples) / 1e6;
    return {
      'CPU s/M': (after.cpuSeconds - before.cpuSeconds) / millions,
      'B/sample': (after.recordBytes - before.recordBytes) / (millions * 1e6),
      'M samples/s': millions / seconds,
      'p50 ms': times[Math.floor(times.length * 0.5)]!,
      'p99 ms': times[Math.floor(times.length * 0.99)]!,
      'rss MB': after.rssBytes / 2 ** 20,
    };
  } finally {
    await load.close();
  }
}

export const cases: BenchCase[] = [
  { name: 'gateway RW1 20k series', run: () => toDurable(1, 20_000) },
  { name: 'gateway RW2 20k series', run: () => toDurable(2, 20_000) },
  { name: 'gateway RW1 500k series', run: () => toDurable(1, 500_000) },
  { name: 'gateway RW2 500k series', run: () => toDurable(2, 500_000) },
  { name: 'gateway RW1 20k series zstd', run: () => toDurable(1, 20_000, { encoding: 'zstd' }) },
  { name: 'gateway RW2 20k series zstd', run: () => toDurable(2, 20_000, { encoding: 'zstd' }) },
  { name: 'gateway RW2 200k samples/s', run: () => toDurable(2, 20_000, {}, 200_000) },
];
