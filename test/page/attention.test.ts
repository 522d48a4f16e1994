import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium as driver } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { isPageBuilt } from '../parts/built.ts';
import { chromium } from '../parts/programs.ts';
import { Seastate, until } from '../parts/seastate.ts';
import { write } from '../parts/write.ts';

const config = `
process:
  models: [brittle.ts]
settings:
  status_ticks: 1
  anomalies:
    routes:
      - {select: '{__name__="load"}', model: brittle}
      - {select: '{job="no-such-job"}'}
`;
const model = `
import { defineModel } from 'seastate';
import { z } from 'zod';
export const brittle = defineModel({
  name: 'brittle', version: 1, summary: 'fails at 13',
  parameters: z.strictObject({}), state: { seen: 'u32' },
  score(sample) {
    if (sample.value === 13) throw new RangeError('<b>thirteen</b> is too much');
  },
});
`;

test.skipIf(!chromium || !isPageBuilt())(
  'a model that fails and a route without series are on the page',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'seastate-attention-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'seastate.yaml');
    await writeFile(file, config);
    await writeFile(join(folder, 'brittle.ts'), model);
    const seastate = await (await Seastate.create('--config', file, '--partitions', '1')).start();
    onTestFinished(() => seastate.close());
    const labels = Object.entries({ __name__: 'load', cluster: 'east', pod: 'p-1' }).sort();
    const samples = Array.from({ length: 20 }, (_, i) => ({
      time: Date.now() - (20 - i) * 1_000,
      value: i < 17 ? i % 3 : 13,
    }));
    expect(await write(seastate.url, [{ labels, samples }])).toBe(204);

    const browser = await driver.launch({ executablePath: chromium!, args: ['--no-sandbox'] });
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    await page.goto(`${seastate.url}/`);
    const rows = page.locator('#attention tbody tr');
    await until(async () => (await rows.count()) === 2);
    const [inVain, failed] = await rows.allTextContents();
    expect(inVain).toContain('no series matches {job="no-such-job"}');
    expect(inVain).toContain(`${file}:9:18: settings.anomalies.routes[1].select`);
    expect(failed).toMatch(/^anomalieseastmodel brittle failed on \{__name__="load",.*pod="p-1"\}/);
    // As text, whatever the message holds.
    expect(failed).toContain('<b>thirteen</b> is too much3');
    expect(await page.getByRole('link', { name: '2 to look at' }).count()).toBe(1);
  },
);
