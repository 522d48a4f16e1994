import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { Admin } from '@platformatic/kafka';
import { expect, test, vi } from 'vitest';
import { ensureTopics } from './topics.ts';

vi.mock('node:timers/promises', () => ({
  setTimeout: () => new Promise((resolve) => setTimeout(resolve, 1)),
}));

const options = { brokers: ['b:9092'], topics: [{ name: 'telemetry', partitions: 2 }] };

/** Brokers of which ever more are there; `refusals` of `createTopics` come first. */
function starting(counts: readonly number[], refusals: readonly number[] = []) {
  const asked: number[] = [];
  let looks = 0;
  const partition = { leader: 0, replicas: [1, 2] };
  const found = { id: 'i', partitionsCount: 2, partitions: [partition, partition] };
  const config = { 'message.timestamp.type': 'LogAppendTime', 'cleanup.policy': 'delete' };
  const configs = Object.entries(config).map(([name, value]) => ({ name, value }));
  const admin = {
    listTopics: async () => [],
    metadata: async () => ({
      brokers: { size: counts[Math.min(looks++, counts.length - 1)]! },
      topics: new Map([['telemetry', found]]),
    }),
    createTopics: async ({ replicas }: { replicas: number }) => {
      asked.push(replicas);
      const apiCode = refusals[asked.length - 1];
      if (apiCode !== undefined) throw Object.assign(new Error('refused'), { apiCode });
    },
    describeConfigs: async () => [{ resourceName: 'telemetry', configs }],
  };
  return { admin: admin as unknown as Admin, asked, looks: () => looks };
}

test('brokers that are not there yet are waited for, and no topic has no replica', async () => {
  const { admin, asked } = starting([0, 0, 1]);
  expect((await ensureTopics(admin, options)).get('telemetry')).toMatchObject({ id: 'i' });
  expect(asked).toEqual([1]);
});

test('named brokers that are not there yet are waited for, once, and then no longer', async () => {
  const brokers = [1, 2, 3, 4].map((port) => `127.0.0.1:${port}`);
  const slow = starting([1, 1, 2, 2, 3]);
  await ensureTopics(slow.admin, { ...options, brokers });
  expect(slow.asked).toEqual([3]);
  const lame = starting([2]);
  const told: object[] = [];
  await ensureTopics(lame.admin, { ...options, brokers, warn: (_, what) => told.push(what) });
  expect(told).toEqual([{ brokers }]);
  expect(lame.asked).toEqual([2]);
});

test('several addresses of one broker are one broker: nothing is waited for, nothing warned of', async () => {
  const doors = [0, 0, 0].map((any) => createServer((socket) => socket.resume()).listen(any));
  await Promise.all(doors.map((door) => once(door, 'listening')));
  const brokers = doors.map((door) => `127.0.0.1:${(door.address() as AddressInfo).port}`);
  const one = starting([2]);
  const told: object[] = [];
  await ensureTopics(one.admin, { ...options, brokers, warn: (_, what) => told.push(what) });
  for (const door of doors) door.close();
  expect(one.asked).toEqual([2]);
  expect(told).toEqual([]);
  // Where one does not answer there are more than 150.
  expect(one.looks()).toBeLessThan(100);
});

test('fewer replicas than there are brokers for are told, with how to raise them', async () => {
  const told: [string, object][] = [];
  const warn = (message: string, details: object): void => void told.push([message, details]);
  await ensureTopics(starting([2]).admin, { ...options, warn });
  expect(told).toEqual([]);
  await ensureTopics(starting([3]).admin, { ...options, warn });
  expect(told).toEqual([
    [expect.stringContaining('kafka-reassign'), { replicas: { telemetry: 2 }, wanted: 3 }],
  ]);
});

test('a broker that counts fewer than it tells is asked again', async () => {
  const { admin, asked } = starting([3], [38, 38]);
  await ensureTopics(admin, options);
  expect(asked).toEqual([3, 3, 3]);
});

test('whoever was faster has made the topic; another refusal is told at once', async () => {
  await ensureTopics(starting([1], [36]).admin, options);
  const denied = starting([1], [29]);
  await expect(ensureTopics(denied.admin, options)).rejects.toMatchObject({ code: 'log_denied' });
  expect(denied.asked).toEqual([1]);
});

test('brokers that do not come are told in our words', async () => {
  const { admin, asked } = starting([0]);
  const error = { code: 'log_unavailable', retry: 'later' };
  await expect(ensureTopics(admin, options)).rejects.toMatchObject(error);
  expect(asked).toEqual([]);
});
