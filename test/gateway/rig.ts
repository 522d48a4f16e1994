import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  encodeRequest,
  encodeRequestV1,
  type SeriesInput,
} from '../../src/formats/remote-write/encode.ts';
import { compress } from '../../src/formats/snappy/snappy.ts';
import { Gateway } from '../../src/gateway/gateway.ts';
import { type GatewayOptions, gatewayOptions } from '../../src/gateway/options.ts';
import { openJournals } from '../../src/log/journal/journals.ts';
import type { JournalsOptions } from '../../src/log/journal/options.ts';
import type { Log, LogRecord } from '../../src/log/log.ts';
import { defaultTopics, telemetryTopic } from '../../src/log/topics.ts';
import { partsOf } from '../../src/server/parts.test-kit.ts';
import {
  type RunningServer,
  type ServerOptions,
  serverOptions,
  startServer,
} from '../../src/server/server.ts';
import { RemoteWriteHandler } from '../../src/sources/remote-write/handler.ts';
import { type ReadSeries, readRecord } from './read-request.ts';

export interface RigOptions {
  readonly gateway?: Partial<GatewayOptions>;
  readonly server?: Partial<ServerOptions>;
  /** Of the journal; not together with `log`. */
  readonly journal?: Partial<JournalsOptions>;
  /** Instead of the journal. */
  readonly log?: Log;
  readonly partitions?: number;
  /** False: the gateway is left in its state `starting`. */
  readonly start?: boolean;
}

/** What a sender gets back. */
export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  /** `Written` headers: samples, histograms, exemplars; null where absent. */
  readonly written: readonly (number | null)[];
}

/** Server, gateway and journal in this process, as main puts them together. */
export interface Rig {
  readonly url: string;
  readonly gateway: Gateway;
  readonly handler: RemoteWriteHandler;
  readonly server: RunningServer;
  readonly log: Log;
  readonly warnings: string[];
  /** Posts bytes as they are. Headers with an empty value are left out. */
  post(body: Uint8Array, headers?: Record<string, string>): Promise<Reply>;
  /** Posts series by protocol 1 or 2. */
  write(
    protocol: 1 | 2,
    series: readonly SeriesInput[],
    headers?: Record<string, string>,
  ): Promise<Reply>;
  /** All records of a kind in `telemetry`. */
  records(kind: string): Promise<(LogRecord & { partition: number })[]>;
  /** All series entries in `telemetry`. */
  series(): Promise<ReadSeries[]>;
  close(): Promise<void>;
}

export const v1Headers: Record<string, string> = {
  'Content-Type': 'application/x-protobuf',
  'Content-Encoding': 'snappy',
  'X-Prometheus-Remote-Write-Version': '0.1.0',
};
export const v2Headers: Record<string, string> = {
  'Content-Type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
  'Content-Encoding': 'snappy',
  'X-Prometheus-Remote-Write-Version': '2.0.0',
};
export const headersOf = (protocol: 1 | 2): Record<string, string> =>
  protocol === 1 ? v1Headers : v2Headers;

export const bodyOf = (protocol: 1 | 2, series: readonly SeriesInput[]): Uint8Array =>
  compress(protocol === 1 ? encodeRequestV1(series) : encodeRequest(series));

/** A series of one sample. */
export const gauge = (
  name: string,
  labels: Record<string, string> = {},
  value = 1,
  time = Date.now(),
): SeriesInput => ({
  labels: Object.entries({ __name__: name, ...labels }),
  samples: [{ time, value }],
});

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const dir = await mkdtemp(join(tmpdir(), 'seastate-gateway-'));
  const topics = defaultTopics(options.partitions ?? 4);
  const log =
    options.log ?? (await openJournals({ dir, topics, now: Date.now, ...options.journal }));
  const warnings: string[] = [];
  const warn = (_fields: object, message: string): void => void warnings.push(message);
  const settings = gatewayOptions(options.gateway);
  const gateway = new Gateway(settings, { log, now: Date.now, random: Math.random, warn });
  const handler = new RemoteWriteHandler(gateway, settings);
  const server = await startServer(
    serverOptions({
      listen: { host: '127.0.0.1', port: 0 },
      pageFolder: join(dir, 'page'),
      ...options.server,
    }),
    partsOf({ write: handler, notReady: () => gateway.notReady, warn }),
  );
  if (options.start ?? true) await gateway.start();

  const post = async (
    body: Uint8Array,
    headers: Record<string, string> = v2Headers,
  ): Promise<Reply> => {
    const given = Object.entries(headers).filter(([, value]) => value !== '');
    const response = await fetch(`${server.url}/api/v1/write`, {
      method: 'POST',
      headers: Object.fromEntries(given),
      body: body as Uint8Array<ArrayBuffer>,
    });
    const written = ['Samples', 'Histograms', 'Exemplars'].map((what) => {
      const text = response.headers.get(`X-Prometheus-Remote-Write-${what}-Written`);
      return text === null ? null : Number(text);
    });
    return {
      status: response.status,
      text: await response.text(),
      headers: response.headers,
      written,
    };
  };
  const records: Rig['records'] = async (kind) => {
    const found: (LogRecord & { partition: number })[] = [];
    const { partitions } = log.topics.get(telemetryTopic)!;
    for (let partition = 0; partition < partitions; partition++) {
      let { first: at } = await log.bounds(telemetryTopic, partition);
      for (;;) {
        const batch = await log.read(telemetryTopic, partition, at);
        if (batch.length === 0) break;
        at = batch.at(-1)!.offset + 1;
        found.push(...batch.map((record) => ({ ...record, partition })));
      }
    }
    return found.filter(({ headers }) => headers['kind'] === kind);
  };
  return {
    url: server.url,
    gateway,
    handler,
    server,
    log,
    warnings,
    post,
    write: (protocol, series, headers = {}) =>
      post(bodyOf(protocol, series), { ...headersOf(protocol), ...headers }),
    records,
    series: async () => (await records('samples')).flatMap(readRecord),
    close: async () => {
      await server.stop(1_000);
      await gateway.stop();
      await log.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
