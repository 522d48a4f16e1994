import { startBroker } from '../../test/parts/kafka.ts';
import type { BenchCase } from '../bench-case.ts';
import { toDurable } from '../gateway/gateway.bench.ts';

/** The gateway's bench with a broker as the log: acks=all, idempotent. */
async function ontoKafka(...given: Parameters<typeof toDurable>): Promise<Record<string, number>> {
  const broker = await startBroker();
  process.env['SEASTATE_BENCH_BROKERS'] = broker.address;
  try {
    return await toDurable(...given);
  } finally {
    delete process.env['SEASTATE_BENCH_BROKERS'];
    await broker.close();
  }
}

export const cases: BenchCase[] = [
  { name: 'kafka gateway RW1', run: () => ontoKafka(1, 20_000) },
  { name: 'kafka gateway RW2', run: () => ontoKafka(2, 20_000) },
  { name: 'kafka gateway RW2 zstd', run: () => ontoKafka(2, 20_000, { encoding: 'zstd' }) },
  { name: 'kafka gateway RW2 200k samples/s', run: () => ontoKafka(2, 20_000, {}, 200_000) },
];
