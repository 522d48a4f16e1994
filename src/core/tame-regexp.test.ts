import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { tameRegExp } from './tame-regexp.ts';

test.each(['(a*)*b', '(a|a)*$b', 'x*x*x*x*x*x*y', '(?<who>(\\w+\\s?)*):'])(
  '%s is done with a long text in a moment',
  (pattern) => {
    for (const letter of ['a', 'x']) {
      expect(tameRegExp(pattern).test(letter.repeat(20_000))).toBe(false);
    }
  },
);

test('what it takes over has the same groups', () => {
  const text = `${'a'.repeat(3_000)}! pods "one" and "two"`;
  const found = tameRegExp('(?:a*)*b|"(?<first>[^"]*)".*"(?<second>\\w+)"').exec(text);
  expect({ ...found?.groups }).toEqual({ first: 'one', second: 'two' });
});

test.each([
  '(?=x)(a*)*b',
  '(?!x)(?:a|a)*b',
  '(a+)\\1+b',
  '(?=x)a*a*b',
  `(?=x)${'a?'.repeat(40)}b`,
  '(?=x)(?:a{0,20})*b',
  '(?:[a-z]{17})+[a-z]*b',
])('%s is refused', (pattern) => {
  expect(() => tameRegExp(pattern)).toThrow(/for ever/);
});

test.each(['^(?!.*exceeded quota)', '(?!DaemonSet|Job|Node$).*', '(["\'])\\w+\\1', 'a{17}b?c{20}'])(
  '%s is taken',
  (pattern) => {
    expect(() => tameRegExp(pattern)).not.toThrow();
  },
);

test('it holds in threads, where processors run', async () => {
  const code = `require('node:worker_threads').parentPort.postMessage(/(a*)*b/.test('a'.repeat(20000)))`;
  const worker = new Worker(code, { eval: true });
  const exit = once(worker, 'exit');
  const [found] = await once(worker, 'message');
  await exit;
  expect(found).toBe(false);
});
