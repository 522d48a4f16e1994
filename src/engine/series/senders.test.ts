import { expect, test } from 'vitest';
import { bytesEqual } from '../../core/bytes.ts';
import { StageDriver } from '../../testing/stage-driver.ts';
import { defineProcessor } from '../processor.ts';

const hourMs = 3_600_000;
const short = { silent_max_ms: 60_000, forget_after_ms: 60_000, forget_senders_ms: 600_000 };

const send = (driver: StageDriver, prometheus: string, replica: string): void => {
  const labels: [string, string][] = [
    ['__name__', 'up'],
    ['prometheus', prometheus],
    ['prometheus_replica', replica],
  ];
  driver.samples('c', [{ labels, samples: [{ time: driver.now, value: 1 }] }]);
};
const statusOf = (driver: StageDriver) => driver.of('status').at(-1)!.data;
const sendersOf = (driver: StageDriver): string[] =>
  statusOf(driver).senders.map(
    (sender: { prometheus: string; replica: string; followed: boolean }) =>
      `${sender.prometheus}/${sender.replica}${sender.followed ? ' followed' : ''}`,
  );

/** `a` has two replicas, of which the second one goes away; `b` goes away and comes back. */
function drive(restoreAfterEach: boolean): StageDriver {
  const driver = new StageDriver([], { restoreAfterEach, startMs: 1_700_000_000_000 });
  const content = { senders_max: 3, series: short };
  driver.record('settings', { version: 1, sha256: '', content });
  send(driver, 'b', '0');
  send(driver, 'a', '1');
  send(driver, 'a', '0');
  driver.advance(15_000);
  send(driver, 'late', '0');
  driver.advance(15_000);
  expect(sendersOf(driver)).toEqual(['b/0 followed', 'a/1 followed', 'a/0']);
  expect(statusOf(driver).clusters[0].counters).toMatchObject({ senders_over_limit: 1 });
  // Nothing is forgotten within the time, nor before a full hour.
  driver.now += 500_000;
  send(driver, 'a', '0');
  driver.advance(15_000);
  expect(sendersOf(driver)).toHaveLength(3);
  driver.now = Math.ceil((driver.now + 700_000) / hourMs) * hourMs;
  send(driver, 'a', '0');
  driver.advance(15_000);
  return driver;
}

test('senders that are silent for long make room; those that are there keep their series', () => {
  const kept = drive(false);
  expect(sendersOf(kept)).toEqual(['a/0 followed']);
  expect(statusOf(kept).series).toBe(1);
  const births = kept.outputs.length;
  send(kept, 'late', '0');
  send(kept, 'b', '0');
  send(kept, 'a', '0');
  kept.advance(15_000);
  expect(kept.outputs.length).toBeGreaterThan(births);
  expect(sendersOf(kept)).toEqual(['a/0 followed', 'late/0 followed', 'b/0 followed']);
  expect(statusOf(kept).series).toBe(3);
  expect(statusOf(kept).clusters[0].counters).toMatchObject({ senders_over_limit: 1 });
});

test('a state restored around the forgetting is the one that was kept', () => {
  const [kept, restored] = [drive(false), drive(true)];
  for (const driver of [kept, restored]) {
    for (const name of ['a', 'late', 'b']) send(driver, name, '0');
    driver.advance(60_000);
  }
  expect(restored.outputs).toEqual(kept.outputs);
  expect(bytesEqual(restored.position.digest, kept.position.digest)).toBe(true);
});

test('a sender whose series are still there is not forgotten', () => {
  const driver = new StageDriver([]);
  const series = { ...short, forget_after_ms: 10 * hourMs };
  driver.record('settings', { version: 1, sha256: '', content: { series } });
  send(driver, 'a', '0');
  driver.advance(15_000);
  driver.now += 9 * hourMs;
  driver.advance(30_000);
  expect(sendersOf(driver)).toEqual(['a/0 followed']);
  driver.now += 12 * hourMs;
  driver.advance(30_000);
  expect(sendersOf(driver)).toEqual([]);
});

const hush = defineProcessor({
  name: 'hush',
  version: 1,
  outputs: ['hush'],
  create: (context) => ({
    samples: ({ slots }) => {
      const data = { slots: [...slots], silence: context.series.silence(0) };
      const [subject, revision] = ['hush', context.logTime];
      context.emit({ topic: 'hush', type: 't', cluster: 0, subject, revision, data });
    },
  }),
});

test.each([false, true])('silence is as of the newest tick, restored: %s', (restoreAfterEach) => {
  const driver = new StageDriver([hush], { restoreAfterEach });
  const at = (name: string, time: number): void => {
    driver.samples('c', [{ labels: [['__name__', name]], samples: [{ time, value: 1 }] }]);
  };
  const begin = driver.now;
  for (const name of ['a', 'b']) at(name, begin);
  driver.advance(1_200_000);
  // The sender is twenty minutes behind: nothing that it has not sent yet is silent.
  for (const time of [begin + 15_000, begin + 30_000]) at('b', time);
  expect(driver.of('hush').map(({ data }) => data.silence)).toEqual([0, 0, 0, 0]);
});
