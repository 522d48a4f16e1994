import { StageDriver } from 'seastate/testing';
import { expect, test } from 'vitest';
import { errorRatio } from './error-ratio.ts';

const counter = (code: string, time: number, value: number) => ({
  labels: [
    ['__name__', 'apiserver_request_total'],
    ['code', code],
  ] as [string, string][],
  samples: [{ time, value }],
});

// A restored state must not be told from a kept one: run it both ways.
test.each([false, true])(
  'two counters become one ratio per minute, restored: %s',
  (restoreAfterEach) => {
    const driver = new StageDriver([errorRatio], { restoreAfterEach });
    for (let i = 0; i < 12; i++) {
      driver.samples('c1', [
        counter('200', driver.now, 90 * i),
        counter('503', driver.now, 10 * i),
      ]);
      driver.advance(15_000);
    }
    const ratios = driver.of('x-error-ratio').map(({ data }) => data.ratio);
    expect(ratios.length).toBeGreaterThan(1);
    expect(ratios.every((ratio) => ratio === 0.1)).toBe(true);
  },
);

test('its settings say what is counted, and a change of them is taken', () => {
  const driver = new StageDriver([errorRatio], { restoreAfterEach: true });
  const settings = { requests: '{code=~"2..|4.."}', failed: '{code=~"4.."}', every_minutes: 2 };
  driver.record('settings', { version: 1, sha256: '', content: { 'error-ratio': settings } });
  for (let i = 0; i < 20; i++) {
    const codes = [counter('200', driver.now, 30 * i), counter('404', driver.now, 10 * i)];
    driver.samples('c1', [...codes, counter('503', driver.now, 10 * i)]);
    driver.advance(15_000);
  }
  const ratios = driver.of('x-error-ratio').map(({ data }) => data.ratio);
  expect(ratios).toEqual([0.25, 0.25, 0.25]);
});
