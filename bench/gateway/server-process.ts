import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Gateway } from '../../src/gateway/gateway.ts';
import { type GatewayOptions, gatewayOptions } from '../../src/gateway/options.ts';
import { openJournals } from '../../src/log/journal/journals.ts';
import { openKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { defaultTopics } from '../../src/log/topics.ts';
import { letHeapGrow } from '../../src/server/heap.ts';
import { partsOf } from '../../src/server/parts.test-kit.ts';
import { serverOptions, startServer } from '../../src/server/server.ts';
import { RemoteWriteHandler } from '../../src/sources/remote-write/handler.ts';

/** What the bench asks this process for. */
export interface ServerFigures {
  /** Since the start, s. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  readonly samples: number;
  readonly recordBytes: number;
  readonly records: number;
}

/** Server, gateway and log in a process of their own, until the bench goes away. */
letHeapGrow();
const options = JSON.parse(process.argv[2] ?? '{}') as Partial<GatewayOptions>;
const dir = await mkdtemp(join(tmpdir(), 'seastate-bench-'));
const topics = defaultTopics(16);
const brokers = process.env['SEASTATE_BENCH_BROKERS'];
const log = brokers
  ? await openKafkaLog({ brokers: brokers.split(','), topics })
  : await openJournals({ dir, topics, now: Date.now });
const settings = gatewayOptions(options);
const warn = (_fields: object, message: string): void => console.error(message);
const gateway = new Gateway(settings, { log, now: Date.now, random: Math.random, warn });
const server = await startServer(
  serverOptions({ listen: { host: '127.0.0.1', port: 0 }, pageFolder: join(dir, 'none') }),
  partsOf({
    write: new RemoteWriteHandler(gateway, settings),
    notReady: () => gateway.notReady,
    warn,
  }),
);
await gateway.start();

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  const { counters } = gateway;
  const figures: ServerFigures = {
    cpuSeconds: (user + system) / 1e6,
    rssBytes: process.memoryUsage.rss(),
    samples: counters.tenant('default').samples,
    recordBytes: counters.recordBytes,
    records: counters.recordsEncoded + counters.recordsPassedThrough,
  };
  process.send!(figures);
});
process.on('disconnect', () => {
  void server
    .stop(0)
    .then(() => gateway.stop())
    .then(() => log.close())
    .then(() => rm(dir, { recursive: true, force: true }))
    .then(() => process.exit(0));
});
process.send!(server.port);
