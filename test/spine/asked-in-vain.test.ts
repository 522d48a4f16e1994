import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Seastate, until } from '../parts/seastate.ts';
import { write } from '../parts/write.ts';

const config = `
process:
  processors: [ratio.ts]
settings:
  status_ticks: 1
  anomalies:
    routes:
      - select: load
      - select: '{__name__="load",regoin="eu"}'
`;
const ratio = `
import { defineProcessor } from 'seastate';
export const ratio = defineProcessor({
  name: 'ratio', version: 1, outputs: [],
  create(context) {
    context.select('all_total');
    return {};
  },
});
`;

test('a running program tells what it asks for in vain, with file and line, and goes on', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'seastate-vain-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'seastate.yaml');
  await writeFile(file, config);
  await writeFile(join(folder, 'ratio.ts'), ratio);
  const seastate = await (await Seastate.create('--config', file, '--partitions', '2')).start();
  onTestFinished(() => seastate.close());
  const send = async (name: string): Promise<void> => {
    const labels: [string, string][] = [
      ['__name__', name],
      ['cluster', 'east'],
    ];
    expect(await write(seastate.url, [{ labels, samples: [{ time: Date.now(), value: 1 }] }])).toBe(
      204,
    );
  };
  const unmatched = async () => (await seastate.api('status')).unmatched;

  await send('load');
  await until(async () => (await unmatched()).length === 2);
  expect(await unmatched()).toEqual([
    {
      processor: 'anomalies',
      what: 'no series matches {__name__="load",regoin="eu"}: no series has {regoin="eu"}',
      where: `${file}:9:17: settings.anomalies.routes[1].select`,
    },
    { processor: 'ratio', what: 'no series matches all_total', where: 'ratio.ts' },
  ]);
  const metrics = await (await fetch(`${seastate.url}/metrics`)).text();
  expect(metrics).toContain(
    'seastate_stage_selector_unmatched{processor="ratio",selector="all_total"} 1',
  );
  const { out } = await seastate.cli('status', '--url', seastate.url);
  expect(out).toMatch(/unmatched\n.*\n.*regoin.*seastate\.yaml:9:17/);

  await send('all_total');
  await until(async () => (await unmatched()).length === 1);
});
