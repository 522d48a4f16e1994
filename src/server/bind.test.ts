import { expect, test } from 'vitest';
import { checkBind, isLoopback } from './bind.ts';

test.each([
  ['127.0.0.1', true],
  ['127.8.9.1', true],
  ['::1', true],
  ['[::1]', true],
  ['::ffff:127.0.0.1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
  ['::ffff:10.0.0.1', false],
  ['example.com', false],
  ['', false],
])('%s is of this machine only: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});

test('others reach only a server that asks who they are, or one that was told not to', () => {
  const everywhere = { host: '0.0.0.0', port: 9797 };
  const no = { authenticated: false, allowUnauthenticated: false };
  expect(() => checkBind(everywhere, no)).toThrow('without authentication');
  checkBind(everywhere, { ...no, authenticated: true });
  checkBind(everywhere, { ...no, allowUnauthenticated: true });
  checkBind({ host: '127.0.0.1', port: 9797 }, no);
});
