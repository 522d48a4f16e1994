import { afterEach, expect, test } from 'vitest';
import { utcOf } from './time.ts';

const zone = process.env['TZ'];
afterEach(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

test.each(['America/New_York', 'Asia/Kolkata'])('a text is the same time in %s', (name) => {
  process.env['TZ'] = name;
  expect(new Date(0).getTimezoneOffset()).not.toBe(0);
  const utc = Date.UTC(2024, 2, 10, 2, 30);
  for (const text of [
    ...['2024-03-10T02:30:00', '2024-03-10T02:30', '2024-03-10T02:30:00.000Z'],
    ...['2024-03-10T08:00:00+05:30', 'Sun, 10 Mar 2024 02:30:00 GMT'],
  ]) {
    expect([text, utcOf(text)]).toEqual([text, utc]);
  }
  expect(utcOf('2024-03-10')).toBe(Date.UTC(2024, 2, 10));
  expect(utcOf('2024-03-10T02:30:00.123456789Z')).toBe(utc + 123);
  for (const text of [
    'Mar 10, 2024 02:30',
    '2024/03/10',
    '2024-03-10 02:30:00',
    '',
    'T02:30',
    '-000000-01-01',
  ]) {
    expect([text, utcOf(text)]).toEqual([text, Number.NaN]);
  }
});
