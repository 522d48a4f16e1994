import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Deadline, within } from './deadline.ts';

test('what is left shrinks to nothing, by shares', async () => {
  const deadline = new Deadline(3_600_000);
  const [half, whole] = [deadline.left(0.5), deadline.left()];
  expect(half).toBeLessThanOrEqual(1_800_000);
  expect(whole).toBeGreaterThan(half);
  await sleep(2);
  expect(deadline.left()).toBeLessThan(whole);
  expect(new Deadline(0).left()).toBe(0);
});

test('a year is no less for a timer than a day', async () => {
  const work = Promise.withResolvers<void>();
  const done = within(new Deadline(365 * 86_400_000).left(), work.promise);
  await sleep(20);
  work.resolve();
  expect(await done).toBe(true);
});

test('work in time, late, and failed before and after', async () => {
  expect(await within(3_600_000, Promise.resolve())).toBe(true);
  await expect(within(3_600_000, Promise.reject(new Error('no')))).rejects.toThrow('no');
  const work = Promise.withResolvers<void>();
  expect(await within(1, work.promise)).toBe(false);
  work.reject(new Error('nobody hears of it'));
  await sleep(2);
});
