import { expect, test } from 'vitest';
import { anomaliesWith } from '../processors/anomalies/definition.ts';
import { metric, native } from '../testing/histograms.test-kit.ts';
import { StageDriver } from '../testing/stage-driver.ts';
import type { Unmatched } from './context.ts';
import { defineProcessor } from './processor.ts';
import type { StatusData } from './status-schema.ts';
import { UnmatchedWatch, unmatchedIn, unmatchedText } from './unmatched.ts';

const ratio = defineProcessor({
  name: 'ratio',
  version: 1,
  outputs: [],
  create(context) {
    const [good, bad] = [context.select('good_total'), context.select('bad_total{code="500"}')];
    context.select('rare', { mayBeEmpty: true });
    return { born: (slot) => void (good.has(slot) || bad.has(slot)) };
  },
});
const routes = (...selectors: string[]) => ({
  anomalies: { routes: selectors.map((select) => ({ select })), scores: ['{}'] },
});
const series = (name: string, labels: Record<string, string> = {}, value: number | 'stale' = 1) =>
  ({ labels: Object.entries({ __name__: name, ...labels }).sort(), value }) as const;

test.each([0, 1])('what no series matches is in status, restored: %s', (restored) => {
  const driver = new StageDriver([anomaliesWith([]), ratio], { restoreAfterEach: restored === 1 });
  const send = (...all: ReturnType<typeof series>[]): void => {
    const samples = all.map(({ labels, value }) => ({
      labels,
      samples: [{ time: driver.now, value }],
    }));
    driver.samples('c1', samples);
    driver.advance(15_000);
    driver.advance(15_000);
  };
  const take = (version: number, content: object) =>
    driver.record('settings', { version, sha256: String(version), content });
  const unmatched = () => (driver.of('status').at(-1)!.data as unknown as StatusData).unmatched;
  take(1, routes('up{job="x"}', 'load', '{__name__="load",region="eu"}', '{zone!=""}'));
  send(series('load'), series('bad_total', { code: '200' }));
  const told = unmatched();
  expect(told.map(unmatchedText)).toEqual([
    'no series matches up{job="x"}: no series has {__name__="up"} or {job="x"}',
    'no series matches {__name__="load",region="eu"}: no series has {region="eu"}',
    'no series matches {zone!=""}',
    'no series matches bad_total{code="500"}: no series has {code="500"}',
    'no series matches good_total',
  ]);
  send(series('load', { region: 'eu' }), series('other', { code: '500' }), series('good_total'));
  expect(unmatched().map(unmatchedText)).toEqual([
    'no series matches up{job="x"}: no series has {__name__="up"} or {job="x"}',
    'no series is left for {__name__="load",region="eu"}: earlier routes take all that match',
    'no series matches {zone!=""}',
    'no series matches bad_total{code="500"}: no series has all of it',
  ]);
  // Other settings ask for other things.
  take(2, routes('nothing'));
  send(series('load'));
  expect(unmatched().map(({ selector }) => selector)).toEqual(['nothing', 'bad_total{code="500"}']);
  take(3, { ...routes('nothing'), disabled: ['anomalies'] });
  send(series('load'));
  expect(unmatched().map(({ selector }) => selector)).toEqual(['bad_total{code="500"}']);
});

test.each([0, 1])('scores may be asked of quantiles too, restored: %s', (restored) => {
  const driver = new StageDriver([anomaliesWith([])], { restoreAfterEach: restored === 1 });
  const scores = [
    ...['up', 'lat_bucket', 'lat{quantile="0.5"}', '{quantile="0.99",job="a"}'],
    ...['lat{quantile="0.9"}', 'lat{job="b"}', `${metric}{stat="count"}`],
  ];
  const content = { anomalies: { routes: [{ select: '{}' }], scores } };
  driver.record('settings', { version: 1, sha256: '', content });
  const told = (): string[] => {
    driver.advance(15_000);
    driver.advance(15_000);
    const { unmatched } = driver.of('status').at(-1)!.data as unknown as StatusData;
    return unmatched.map(unmatchedText);
  };
  const send = (job: string): void => {
    for (const le of ['0.1', '1', '+Inf']) {
      const { labels, value } = series('lat_bucket', { job, le });
      driver.samples('c1', [{ labels, samples: [{ time: driver.now, value }] }]);
    }
  };
  send('a');
  driver.samples('c1', [{ ...series('up'), samples: [{ time: driver.now, value: 1 }] }]);
  const count = `no series has {__name__="${metric}"} or {stat="count"}`;
  const never = 'no series matches lat{quantile="0.9"}: no series has {quantile="0.9"}';
  expect(told()).toEqual([
    `no series matches ${metric}{stat="count"}: ${count}`,
    'no series matches lat{job="b"}: no series has {job="b"}',
    never,
  ]);
  send('b');
  driver.samples('c1', [native(driver.now, { counts: new Map([[0, 5]]) })]);
  expect(told()).toEqual([never]);
});

test.each([0, 1])('a route that others leave nothing to is told, restored: %s', (restored) => {
  const driver = new StageDriver([anomaliesWith([])], { restoreAfterEach: restored === 1 });
  const content = routes('{job="a"}', 'load', 'up', '{job=~".+"}');
  driver.record('settings', { version: 1, sha256: '', content });
  const send = (name: string, job: string): string[] => {
    const [{ labels }, time] = [series(name, { job }), driver.now];
    driver.samples('c1', [{ labels, samples: [{ time, value: 1 }] }]);
    driver.advance(15_000);
    driver.advance(15_000);
    const { unmatched } = driver.of('status').at(-1)!.data as unknown as StatusData;
    return unmatched.map(unmatchedText);
  };
  const left = (selector: string) =>
    `no series is left for ${selector}: earlier routes take all that match`;
  const up = 'no series matches up';
  expect(send('load', 'a')).toEqual([left('load'), up, left('{job=~".+"}')]);
  expect(send('load', 'b')).toEqual([up, left('{job=~".+"}')]);
  expect(send('other', 'c')).toEqual([up]);
});

const status = (partition: number, more: Partial<StatusData>): StatusData => ({
  ...{ stage: 'cluster', partition, tick: 1, log_time: 0, settings_version: 1, series: 1 },
  ...{ counters: {}, clusters: [], senders: [], notes: [], unmatched: [] },
  ...more,
});
const nothing = (unmet: string[] = []) => ({ processor: 'p', selector: 'nothing', unmet });

test('one partition that has it is enough; empty and older ones do not count', () => {
  expect(unmatchedIn([])).toEqual([]);
  const empty = status(0, { series: 0, unmatched: [nothing()] });
  expect(unmatchedIn([empty])).toEqual([]);
  const [has, lacks] = [
    status(1, { unmatched: [] }),
    status(2, { unmatched: [nothing(['a', 'b'])] }),
  ];
  expect(unmatchedIn([empty, lacks, has])).toEqual([]);
  const other = status(3, { unmatched: [nothing(['b'])] });
  expect(unmatchedIn([empty, lacks, other])).toEqual([nothing(['b'])]);
  const taken: Unmatched = { ...nothing(), taken: true };
  expect(unmatchedIn([lacks, status(5, { unmatched: [taken] })])).toEqual([taken]);
  const before = status(4, { settings_version: 0 });
  expect(unmatchedIn([before, lacks])).toEqual([nothing(['a', 'b'])]);
});

test('it is told once after minutes, and again when it was there in between', () => {
  const told: string[] = [];
  const watch = new UnmatchedWatch(({ selector }) => told.push(selector));
  const at = (minutes: number, isThere = false): number => {
    const unmatched = isThere ? [] : [nothing()];
    watch.take(status(0, { log_time: minutes * 60_000, unmatched }));
    return told.length;
  };
  expect([0, 4, 5, 6, 60].map((minutes) => at(minutes))).toEqual([0, 0, 1, 1, 1]);
  at(61, true);
  expect([62, 66, 67].map((minutes) => at(minutes))).toEqual([1, 1, 2]);
});
