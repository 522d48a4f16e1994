import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { pause, type Run, Supervised } from './supervised.ts';

function supervised(run: (run: Run) => Promise<void>) {
  const told: object[] = [];
  const it = new Supervised(
    { kind: 'kafka', name: 'a', tenant: 't', run, retryMaxMs: 1 },
    { random: () => 0, warn: (fields) => told.push(fields) },
  );
  return { it, told };
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 10_000) throw new Error('gave up waiting');
    await sleep(5);
  }
}

test('a source that fails is opened again, told once, and says no lag while it waits', async () => {
  let opened = 0;
  const gate = Promise.withResolvers<void>();
  const { it, told } = supervised(async ({ reading, signal }) => {
    opened++;
    if (opened === 1) reading(() => 0);
    if (opened === 3) await gate.promise;
    if (opened < 5) throw new Error('the brokers are away');
    if (opened === 5) throw new Error('denied');
    reading(() => 7);
    await pause(1_000_000, signal);
  });
  expect(it.status()).toMatchObject({ source: 'kafka/a', state: 'opening', lag: null });
  it.start();
  await until(() => opened === 3);
  expect(it.status()).toMatchObject({ error: 'the brokers are away', lag: null });
  gate.resolve();
  await until(() => it.status().state === 'reading');
  expect(it.status()).toMatchObject({ error: null, lag: 7, counters: { restarts: 5 } });
  expect(told).toEqual([
    { source: 'kafka/a', error: 'the brokers are away' },
    { source: 'kafka/a', error: 'denied' },
  ]);
  await it.stop();
  expect(it.status().state).toBe('stopped');
});

test('one that is stopped while it waits is not opened any more', async () => {
  let opened = 0;
  const { it } = supervised(async () => {
    opened++;
    throw new Error('no');
  });
  it.start();
  await until(() => opened > 1);
  await it.stop();
  const before = opened;
  await sleep(20);
  expect(opened).toBe(before);
});
