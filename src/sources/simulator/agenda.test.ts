import { expect, test } from 'vitest';
import { Agenda } from './agenda.ts';
import { Random } from './random.ts';

test('things are done in order of time, and of arrival at one moment', () => {
  const agenda = new Agenda();
  const random = new Random(5);
  const done: [atMs: number, order: number][] = [];
  for (let order = 0; order < 500; order++) {
    const atMs = random.below(60);
    agenda.call(atMs, (nowMs) => done.push([nowMs, order]));
  }
  while (agenda.nextMs < Number.POSITIVE_INFINITY) agenda.runNext();
  const sorted = [...done].sort(([a, i], [b, j]) => a - b || i - j);
  expect(done).toEqual(sorted);
  expect(done).toHaveLength(500);
});

test('what is done may put more on the agenda', () => {
  const agenda = new Agenda();
  const times: number[] = [];
  const step = (nowMs: number): void => {
    times.push(nowMs);
    if (nowMs < 30) agenda.call(nowMs + 10, step);
  };
  agenda.call(10.4, step);
  while (agenda.nextMs <= 100) agenda.runNext();
  expect(times).toEqual([10, 20, 30]);
});
