import { afterEach, describe, expect, test } from 'vitest';
import { text } from '../../src/core/bytes.ts';
import type { MetadataValue } from '../../src/log/telemetry.ts';
import { prometheus3, prometheusDebian } from '../parts/programs.ts';
import { type Prometheus, startPrometheus } from '../parts/prometheus.ts';
import type { ReadSeries } from './read-request.ts';
import { type Rig, startRig } from './rig.ts';

/** Real Prometheus servers as senders, over real sockets, into the real journal. */
let rig: Rig;
let prometheus: Prometheus | undefined;
afterEach(async () => {
  await prometheus?.close();
  prometheus = undefined;
  await rig.close();
});

const config = (url: string, extra = '', global = ''): string => `
global:
  scrape_interval: 1s
  evaluation_interval: 1s
  external_labels: { cluster: prod }
  ${global}
rule_files: [ $RULES ]
scrape_configs:
  - job_name: self
    static_configs: [ { targets: [ '127.0.0.1:$PORT' ] } ]
remote_write:
  - url: ${url}/api/v1/write
    queue_config: { batch_send_deadline: 200ms, min_backoff: 30ms, max_backoff: 200ms }
    ${extra}
`;
const rules = `
groups:
  - name: g
    rules:
      - { alert: AlwaysFiring, expr: vector(1), labels: { severity: critical } }
`;
const named = (all: readonly ReadSeries[], name: string): ReadSeries[] =>
  all.filter(({ labels }) => labels['__name__'] === name);

/** Times at which a series has a sample, over all records. */
const timesOf = (all: readonly ReadSeries[], name: string): number[] =>
  named(all, name).flatMap(({ samples }) => samples.map(([time]) => time));

describe.skipIf(!prometheusDebian)('Prometheus 2 with remote write 1.0', () => {
  test('samples, alerts and metadata arrive; a stale marker ends what is gone', async () => {
    rig = await startRig();
    prometheus = await startPrometheus({
      configYaml: config(rig.url, 'metadata_config: { send: true, send_interval: 1s }'),
      rulesYaml: rules,
    });
    await expect
      .poll(async () => named(await rig.series(), 'ALERTS').length, { timeout: 60_000 })
      .toBeGreaterThan(2);
    const [alert] = named(await rig.series(), 'ALERTS');
    expect(alert!.labels).toEqual({
      __name__: 'ALERTS',
      alertname: 'AlwaysFiring',
      alertstate: 'firing',
      cluster: 'prod',
      severity: 'critical',
    });
    await expect
      .poll(async () => (await rig.records('metadata')).length, { timeout: 60_000 })
      .toBeGreaterThan(0);
    const [metadata] = await rig.records('metadata');
    expect(metadata!.headers).toMatchObject({ cluster: 'prod', tenant: 'default' });
    const { families } = JSON.parse(text(metadata!.value!)) as MetadataValue;
    expect(families.find(({ family }) => family === 'go_goroutines')?.type).toBe('gauge');

    const counters = rig.gateway.counters.tenant('default');
    expect(counters.requestsV1).toBeGreaterThan(2);
    expect(counters.refused).toEqual(new Map());
    const failed = await prometheus.query('prometheus_remote_storage_samples_failed_total');
    expect(failed.map(({ value }) => value[1])).toEqual(['0']);
  });

  test('while we answer 503 it keeps everything, and sends it when we are back', async () => {
    rig = await startRig({ start: false });
    prometheus = await startPrometheus({ configYaml: config(rig.url) });
    const { refused } = rig.gateway.counters.tenant('default');
    await expect.poll(() => refused.get('starting') ?? 0, { timeout: 60_000 }).toBeGreaterThan(1);
    const ordered = (times: Iterable<number>): number[] =>
      [...new Set(times)].sort((a, b) => a - b);
    const made = async (): Promise<number[]> => {
      const lines = await prometheus!.samples('up[1h]');
      return ordered([...lines].map((line) => Number(line.split(' ').at(-2))));
    };
    await expect.poll(async () => (await made()).length, { timeout: 60_000 }).toBeGreaterThan(3);
    await rig.gateway.start();
    const scrapes = async (): Promise<number[]> => ordered(timesOf(await rig.series(), 'up'));
    await expect.poll(async () => (await scrapes()).length, { timeout: 60_000 }).toBeGreaterThan(6);
    const times = await scrapes();
    // No scrape is missing between the first and the last: a slow machine may make fewer of them.
    const wanted = (await made()).filter((time) => time >= times[0]! && time <= times.at(-1)!);
    expect(times).toEqual(wanted);
  });
});

describe.skipIf(!prometheus3)('Prometheus 3 with remote write 2.0', () => {
  test('samples, histograms and exact counts; no complaint in its log', async () => {
    rig = await startRig();
    const binary = prometheus3!;
    prometheus = await startPrometheus({
      binary,
      configYaml: config(
        rig.url,
        'protobuf_message: io.prometheus.write.v2.Request\n    send_native_histograms: true\n    send_exemplars: true\n    metadata_config: { send: false }',
        'scrape_native_histograms: true',
      ),
      rulesYaml: rules,
      flags: ['--enable-feature=native-histograms,metadata-wal-records,exemplar-storage'],
    });
    await expect
      .poll(async () => named(await rig.series(), 'ALERTS').length, { timeout: 60_000 })
      .toBeGreaterThan(2);
    await expect
      .poll(async () => (await rig.series()).some(({ histograms }) => histograms > 0), {
        timeout: 60_000,
      })
      .toBe(true);
    expect((await rig.series()).some(({ type }) => type > 0)).toBe(true);
    const counters = rig.gateway.counters.tenant('default');
    expect(counters.requestsV2).toBeGreaterThan(2);
    expect(counters.requestsV1).toBe(0);
    expect(counters.rejectedSeries).toEqual(new Map());
    const failed = await prometheus.query(
      '{__name__=~"prometheus_remote_storage_(samples|histograms|exemplars)_failed_total"}',
    );
    expect(failed.map(({ value }) => value[1])).toEqual(['0', '0', '0']);
    const complaints = (await prometheus.log())
      .split('\n')
      .filter((line) => /level=(WARN|ERROR)/i.test(line) && line.includes('remote'));
    expect(complaints).toEqual([]);
  });
});
