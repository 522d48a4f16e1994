import { type Browser, chromium as driver, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SeriesInput } from '../../src/formats/remote-write/encode.ts';
import { isPageBuilt } from '../parts/built.ts';
import { freePorts } from '../parts/processes.ts';
import { chromium } from '../parts/programs.ts';
import { Seastate, until } from '../parts/seastate.ts';
import { write } from '../parts/write.ts';

const flags = ['--partitions', '2', '--set', 'settings.status_ticks=1'];

/** The live page in a real browser, in front of a real process. */
describe.skipIf(!chromium || !isPageBuilt())('the live page', () => {
  let seastate: Seastate;
  let browser: Browser;
  let page: Page;
  const errors: string[] = [];
  const foreign: string[] = [];

  // To come back at.
  let port: number;

  beforeAll(async () => {
    [port = 0] = await freePorts(1);
    seastate = await (await Seastate.create(...flags)).start(port);
    browser = await driver.launch({ executablePath: chromium!, args: ['--no-sandbox'] });
    page = await browser.newPage();
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    page.on('request', (request) => {
      const { origin } = new URL(request.url());
      if (origin !== seastate.url && !request.url().startsWith('data:')) foreign.push(origin);
    });
  });
  afterAll(async () => {
    await browser?.close();
    await seastate?.close();
  });

  let time = Date.now();
  const send = async (alertname: string, severity: string, value: 1 | 'stale'): Promise<void> => {
    time = Math.max(time + 1, Date.now());
    await post(alertSeries({ alertname, severity, cluster: 'east' }, value));
  };
  const alertSeries = (labels: Record<string, string>, value: 1 | 'stale'): SeriesInput => {
    const all = { __name__: 'ALERTS', alertstate: 'firing', ...labels };
    return { labels: Object.entries(all).sort(), samples: [{ time, value }] };
  };
  const post = async (...series: SeriesInput[]): Promise<void> => {
    expect(await write(seastate.url, series)).toBe(204);
  };
  /** A calm series, and a burst. */
  const raiseAnomaly = async (): Promise<void> => {
    const labels = { __name__: 'queue_length', cluster: 'east' };
    const first = Date.now() - 400 * 60_000;
    const samples = Array.from({ length: 400 }, (_, i) => ({
      time: first + i * 60_000,
      value: i < 396 ? 100 + ((i * 7) % 11) : 900,
    }));
    await post({ labels: Object.entries(labels).sort(), samples });
  };
  const section = (title: string) => page.locator('section', { hasText: title }).first();
  const shows = async (title: string, alertname: string): Promise<boolean> =>
    (await section(title).getByText(alertname, { exact: true }).count()) > 0;

  test('says what to do while nobody has sent, and that nothing fires', async () => {
    await page.goto(`${seastate.url}/`);
    await until(async () => (await page.getByText(`${seastate.url}/api/v1/write`).count()) === 1);
    await until(async () => shows('Firing now', 'Nothing fires.'));
  });

  test('shows an alert that starts, and its end, without a reload', async () => {
    await send('DiskFull', 'critical', 1);
    await until(() => shows('Firing now', 'DiskFull'));
    expect(await shows('Firing now', 'east')).toBe(true);
    await send('DiskFull', 'critical', 'stale');
    await until(() => shows('Resolved in the last two hours', 'DiskFull'));
    expect(await shows('Firing now', 'DiskFull')).toBe(false);
  });

  test('a cluster of Kubernetes events alone has no sender that could be silent', async () => {
    const at = new Date().toISOString();
    const event = {
      ...{ kind: 'Event', reason: 'OOMKilling', message: 'killed', type: 'Warning', count: 1 },
      ...{ firstTimestamp: at, lastTimestamp: at, metadata: { name: 'a', namespace: 'b' } },
      involvedObject: { kind: 'Pod', name: 'a', namespace: 'b' },
    };
    const url = `${seastate.url}/api/v1/events?cluster=eventful`;
    await fetch(url, { method: 'POST', body: JSON.stringify(event) });
    const cluster = page.locator('nav.clusters li', { hasText: 'eventful' });
    await until(async () => (await cluster.count()) === 1);
    expect(await cluster.textContent()).toBe('eventful0 series');
  });

  test('an anomaly is marked by a button, and the mark stays', async () => {
    await raiseAnomaly();
    const row = section('Abnormal now').locator('tr', { hasText: 'queue_length' });
    await until(async () => (await row.count()) === 1);
    await row.getByRole('button', { name: 'expected' }).click();
    await until(async () => (await row.getByRole('button', { name: 'expected' }).count()) === 0);
    await until(async () => {
      const [anomaly] = (await seastate.api('anomalies')).anomalies;
      return anomaly.feedback === 'expected';
    });
    await page.goto(`${seastate.url}/`);
    await until(async () => (await row.getByText('expected', { exact: true }).count()) === 1);
  });

  test('an anomaly opens by the keyboard and says why, and its address shows it open', async () => {
    await page.goto(`${seastate.url}/`);
    const row = section('Abnormal now').locator('tr', { hasText: 'queue_length' });
    await until(async () => (await row.count()) === 1);
    await row.getByRole('button', { name: 'Details of queue_length' }).focus();
    await page.keyboard.press('Enter');
    const why = section('Abnormal now').locator('tr.details');
    await until(async () => (await why.getByText('its cut').count()) > 0);
    const { subject } = (await seastate.api('anomalies')).anomalies[0];
    expect(await why.textContent()).toContain(`seastate explain ${subject}`);
    await page.goto(page.url());
    await until(async () => (await why.getByText('its cut').count()) > 0);
    await page.keyboard.press('Escape');
    await until(async () => (await why.count()) === 0);
  });

  test('the last two hours have a bar for each thing that was found', async () => {
    await send('LaneAlert', 'critical', 1);
    const lane = page.locator('.lane', { hasText: 'east' });
    await until(async () => (await lane.locator('i.alert.critical').count()) > 0);
    expect(await lane.locator('i.anomaly').count()).toBe(1);
    await lane.getByRole('button').click();
    await until(async () => (await page.locator('.lane', { hasText: 'LaneAlert' }).count()) === 1);
    await page.locator('.lane', { hasText: 'LaneAlert' }).locator('i').click();
    const details = section('Firing now').locator('tr.details');
    await until(async () => (await details.getByText('seastate tail alerts').count()) === 1);
    await send('LaneAlert', 'critical', 'stale');
  });

  test('filters by what is typed, and keeps that in the URL', async () => {
    await send('NodeDown', 'critical', 1);
    await send('SlowApi', 'warning', 1);
    await until(() => shows('Firing now', 'SlowApi'));
    await page.keyboard.press('/');
    await page.keyboard.type('severity=critical');
    await until(async () => !(await shows('Firing now', 'SlowApi')));
    expect(await shows('Firing now', 'NodeDown')).toBe(true);
    await page.goto(page.url());
    await until(() => shows('Firing now', 'NodeDown'));
    expect(await shows('Firing now', 'SlowApi')).toBe(false);
  });

  test('comes back by itself when the server was away', async () => {
    await page.goto(`${seastate.url}/`);
    await until(() => shows('Firing now', 'NodeDown'));
    await seastate.stop();
    await seastate.start(port);
    await send('BackAgain', 'warning', 1);
    await until(() => shows('Firing now', 'BackAgain'));
    expect(await shows('Firing now', 'NodeDown')).toBe(true);
  });

  test('five thousand alerts are a few lines, by name', async () => {
    await page.goto(`${seastate.url}/`);
    time = Date.now();
    const many = Array.from({ length: 5_000 }, (_, i) =>
      alertSeries({ alertname: 'Storm', severity: 'critical', cluster: 'east', pod: `p${i}` }, 1),
    );
    await post(...many);
    const storm = section('Firing now').locator('tr', { hasText: 'Storm' });
    await until(async () => (await storm.getByText('5000', { exact: true }).count()) === 1);
    await storm.getByRole('button').click();
    await until(async () => (await storm.count()) === 101);
    expect(await section('Firing now').getByText('4900 more').count()).toBe(1);
    await page.getByLabel('Filter').fill('pod=p4711');
    await until(async () => (await storm.count()) === 1);
    await page.getByLabel('Filter').fill('');
  });

  test('is read on a phone: nothing stands out at the side', async () => {
    await page.setViewportSize({ width: 380, height: 800 });
    const width = await page.evaluate('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(380);
    await page.setViewportSize({ width: 1280, height: 720 });
  });

  test('nothing comes from elsewhere, and nothing went wrong', () => {
    expect(foreign).toEqual([]);
    // A server that is away makes the browser complain, and rightly so.
    const unexpected = errors.filter((text) => !/ERR_CONNECTION|Failed to (fetch|load)/.test(text));
    expect(unexpected).toEqual([]);
  });
});
