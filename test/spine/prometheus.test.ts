import { afterAll, beforeAll, expect, test } from 'vitest';
import { prometheus3, prometheusDebian } from '../parts/programs.ts';
import { type Prometheus, startPrometheus } from '../parts/prometheus.ts';
import { Seastate, until } from '../parts/seastate.ts';

/** A rule that fires when the file below says 1, and one that always fires. */
const rulesYaml = `
groups:
  - name: test
    interval: 1s
    rules:
      - alert: Watchdog
        expr: vector(1)
        labels: {severity: none}
        annotations: {summary: always}
      - alert: TooManyHeads
        expr: vector(time() % 14) < 7
        labels: {severity: warning}
`;

const configYaml = (url: string, more: string) => `
global:
  scrape_interval: 1s
  evaluation_interval: 1s
  external_labels: {cluster: real-1, prometheus: monitoring/k8s, prometheus_replica: prometheus-0}
rule_files: [$RULES]
scrape_configs:
  - job_name: prometheus
    static_configs: [{targets: ['127.0.0.1:$PORT']}]
remote_write:
  - url: ${url}/api/v1/write
    queue_config: {batch_send_deadline: 200ms}
${more}`;

const kinds = [
  ['Debian, remote write 1.0', prometheusDebian, ''],
  ['3.x, remote write 2.0', prometheus3, '    protobuf_message: io.prometheus.write.v2.Request\n'],
] as const;

for (const [name, binary, more] of kinds) {
  const describeIt = binary ? test : test.skip;
  let seastate: Seastate;
  let prometheus: Prometheus;

  beforeAll(async () => {
    if (!binary) return;
    seastate = await (await Seastate.create()).start();
    prometheus = await startPrometheus({
      binary,
      rulesYaml,
      configYaml: configYaml(seastate.url, more),
    });
  });
  afterAll(async () => {
    await prometheus?.close();
    await seastate?.close();
  });

  describeIt(
    `a real Prometheus (${name}): its alerts on the API and on the command line`,
    async () => {
      type Alert = {
        alertname: string;
        state: string;
        cluster: string;
        labels: object;
        start: string;
      };
      const alerts = async (state: string): Promise<Alert[]> =>
        (await seastate.api(`alerts?state=${state}`)).alerts;
      await until(async () => (await alerts('firing')).some((a) => a.alertname === 'Watchdog'));
      const watchdog = (await alerts('firing')).find((a) => a.alertname === 'Watchdog')!;
      expect(watchdog).toMatchObject({
        cluster: 'real-1',
        labels: { alertname: 'Watchdog', severity: 'none', prometheus: 'monitoring/k8s' },
      });
      await until(
        async () => (await alerts('resolved')).some((a) => a.alertname === 'TooManyHeads'),
        60_000,
      );

      const lines = (await seastate.tail('alerts')).map((line) => JSON.parse(line));
      const states = lines
        .filter((l) => JSON.stringify(l).includes('TooManyHeads'))
        .map((l) => l.state ?? l.data?.state);
      expect(states.slice(0, 2)).toEqual(['firing', 'resolved']);

      // Rules are evaluated before the first scrape of itself has come: wait for that too.
      const failed = () => prometheus.query('prometheus_remote_storage_samples_failed_total');
      await until(async () => (await failed()).length > 0);
      await until(async () => {
        const { clusters } = await seastate.api('status');
        return clusters.some(({ series }: { series: number }) => series > 100);
      }, 60_000);
      const heads = await seastate.tail('metrics', '{__name__=~"prometheus_tsdb_head_s.*"}');
      expect(heads.join()).toContain('prometheus_tsdb_head_series');
      expect(heads.join()).not.toContain('"prometheus_http');

      const query = await seastate.cli(
        'query',
        "select count(*) as n from alerts where alertname = 'Watchdog'",
        '--data',
        seastate.folder,
        '-o',
        'jsonl',
      );
      expect(query.code, query.err).toBe(0);
      expect(JSON.parse(query.out)).toEqual({ n: 1 });
      expect((await failed()).map(({ value }) => value[1])).toEqual(['0']);
    },
  );
}
