import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { metric, Service } from '../../src/testing/histograms.test-kit.ts';
import { Seastate, until } from '../parts/seastate.ts';
import { write } from '../parts/write.ts';
import { checkSnapshots, inLog } from './rebuilt.ts';

let seastate: Seastate;
afterEach(async () => {
  await seastate.close();
});

const settings = `
settings:
  anomalies:
    routes:
      - {select: '{__name__=~"${metric}|${metric}_bucket"}', model: baseline-ratio, parameters: {warmUp: 20}}
`;

let time = Date.now() - 6 * 3_600_000;
const [shop, bank] = [new Service(), new Service()];

/** Minutes of two services: one sends classic histograms, the other native ones. */
async function feed(minutes: number, slow: number): Promise<void> {
  for (let i = 0; i < minutes; i++) {
    time += 60_000;
    shop.minute(slow);
    bank.minute();
    const labels = { cluster: 'east', job: 'shop' };
    const native = bank.native(time, {}, { job: 'bank' });
    const series = [
      ...shop.series(time, labels),
      { ...native, labels: [...native.labels, ['cluster', 'east'] as const] },
    ];
    expect(await write(seastate.url, series)).toBe(204);
  }
}

test('a slow quantile is told, marked, told no more; explain says why, by any of its names', async () => {
  const empty = await Seastate.create();
  const yaml = join(empty.folder, 'seastate.yaml');
  await writeFile(yaml, settings);
  seastate = Seastate.at(empty.folder, '--partitions', '2', '-c', yaml);
  await seastate.start();
  await feed(40, 1);
  await feed(2, 12);
  const anomalies = async () => (await seastate.api('anomalies?state=all')).anomalies;
  await until(async () => (await anomalies()).length === 1);
  const [told] = await anomalies();
  expect(told).toMatchObject({ metric, direction: 'up', kind: 'improbable' });
  expect(told.labels).toEqual({ cluster: 'east', job: 'shop', quantile: '0.5' });
  const { code, err } = await seastate.cli(
    ...['feedback', told.subject, 'expected', '--for', '7d', '--url', seastate.url],
  );
  expect(code, err).toBe(0);
  await until(async () => (await anomalies())[0].feedback === 'expected');
  await feed(80, 1);
  await feed(3, 12);
  await until(async () => {
    const { partitions } = await seastate.api('status');
    return partitions.every((p: { lag_records: number }) => p.lag_records === 0);
  });
  expect((await anomalies()).map(({ labels }: { labels: object }) => labels)).not.toContainEqual({
    ...told.labels,
    job: 'bank',
  });

  const explain = async (what: string, ...flags: string[]) => {
    const words = ['explain', what, '--data', seastate.folder, '-c', yaml, ...flags];
    const said = await seastate.cli(...words);
    expect(said.code, said.err).toBe(0);
    return said.out;
  };
  const names = [`${metric}_bucket`, `${metric}_bucket{le="0.05"}`, `${metric}{quantile="0.5"}`];
  for (const name of names) {
    const found = JSON.parse(await explain(name, '-o', 'json'));
    const [classic] = found;
    const { histogram, quantiles, state, feedback } = classic.processors.anomalies;
    expect(histogram).toMatchObject({
      form: 'classic',
      buckets: 11,
      greatest_bound: 5,
      silent: '',
    });
    expect(histogram.labels).toEqual({ __name__: metric, cluster: 'east', job: 'shop' });
    expect(state).toBeNull();
    const [median] = quantiles;
    expect(median).toMatchObject({ quantile: '0.5', kind: 'latency', state: { moved: true } });
    expect(median.seen.fates.expected).toBeGreaterThan(0);
    expect(median.seen.last.value).toBeGreaterThan(0.3);
    expect(feedback).toMatchObject([{ withheld: 1, anomaly: told.subject }]);
    // The native one of the other service has that name too.
    expect(found).toHaveLength(name === names[2] ? 2 : 1);
  }
  const text = await explain(metric);
  expect(text).toContain(`${metric}{cluster="east",job="bank"} on east`);
  expect(text).toContain('histogram  native, ');
  expect(text).toContain('count, which measures counter');
  expect(text).toContain('quantile 0.99, which measures latency');

  // Run once more from its first record, the log makes the same bytes.
  expect(await seastate.stop()).toBe(0);
  const { folder } = seastate;
  expect(await inLog(folder, (log) => checkSnapshots(folder, log))).toBeGreaterThan(0);
});
