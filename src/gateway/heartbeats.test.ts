import { expect, test } from 'vitest';
import { text } from '../core/bytes.ts';
import { SeastateError } from '../core/errors.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { Appender } from './appender.ts';
import { GatewayCounters } from './counters.ts';
import { Heartbeats } from './heartbeats.ts';

function make(now: () => number = () => 1_000): {
  log: MemoryLog;
  appender: Appender;
  heartbeats: Heartbeats;
  beats: number[];
  errors: unknown[];
} {
  const log = new MemoryLog([{ name: 'telemetry', partitions: 3 }], now);
  const appender = new Appender('telemetry', { log, now, counters: new GatewayCounters() });
  const beats: number[] = [];
  const errors: unknown[] = [];
  const heartbeats = new Heartbeats({
    appender,
    now,
    onBeat: (written) => void beats.push(written),
    onError: (error) => void errors.push(error),
  });
  return { log, appender, heartbeats, beats, errors };
}

test('every partition gets one at the start, and idle ones with each beat', async () => {
  const { log, appender, heartbeats, beats } = make();
  await heartbeats.start();
  heartbeats.stop();
  expect(log.all('telemetry').map(({ partition }) => partition)).toEqual([0, 1, 2]);
  const [first] = log.all('telemetry');
  expect(first!.headers).toEqual({ kind: 'heartbeat', schema: 'seastate.heartbeat.v1' });
  expect(JSON.parse(text(first!.value!))).toEqual({ partitions: 3, hashVersion: 1 });

  await appender.append(1, { headers: { kind: 'samples' }, value: null });
  await heartbeats.beat();
  // A heartbeat makes nothing busy: the next beat writes again.
  await heartbeats.beat();
  expect(beats).toEqual([2, 3]);
  expect(log.all('telemetry').filter(({ partition }) => partition === 1)).toHaveLength(3);
});

test('a log that fails is told, and a slow one does not pile up beats', async () => {
  const { log, heartbeats, beats, errors } = make();
  log.fault = new SeastateError('log_full', 'full', { retry: 'later' });
  await heartbeats.beat();
  expect(errors).toHaveLength(1);
  log.fault = undefined;
  log.hold();
  const first = heartbeats.beat();
  expect(heartbeats.beat()).toBe(first);
  expect(log.held).toBe(3);
  log.release();
  await first;
  expect(beats).toEqual([3]);
});

test("the log's clock is compared with ours", async () => {
  let ours = 100_000;
  let theirs = 100_000;
  const log = new MemoryLog([{ name: 'telemetry', partitions: 1 }], () => theirs);
  const counters = new GatewayCounters();
  const appender = new Appender('telemetry', { log, now: () => ours, counters });
  expect(await appender.clockSkewMs()).toBeUndefined();
  const look = async (): Promise<number | undefined> => {
    await appender.append(0, { headers: { kind: 'samples' }, value: null });
    return appender.clockSkewMs();
  };
  expect(await look()).toBe(0);
  theirs += 7_000;
  expect(await look()).toBe(7_000);
  ours += 10_000;
  expect(await look()).toBe(-3_000);
});
